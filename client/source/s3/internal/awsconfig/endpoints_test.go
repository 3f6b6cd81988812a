package awsconfig

import "testing"

// The services of AWS have a host for each region, unless the settings name another one.
func TestURL(t *testing.T) {
	for name, test := range map[string]struct {
		variables map[string]string
		region    string
		sts, sso  string
	}{
		"a region":         {nil, "eu-west-1", "https://sts.eu-west-1.amazonaws.com", "https://portal.sso.eu-west-1.amazonaws.com"},
		"another domain":   {nil, "cn-north-1", "https://sts.cn-north-1.amazonaws.com.cn", "https://portal.sso.cn-north-1.amazonaws.com.cn"},
		"FIPS":             {map[string]string{"AWS_USE_FIPS_ENDPOINT": "true"}, "us-east-1", "https://sts-fips.us-east-1.amazonaws.com", "https://portal.sso-fips.us-east-1.amazonaws.com"},
		"FIPS, government": {map[string]string{"AWS_USE_FIPS_ENDPOINT": "true"}, "us-gov-west-1", "https://sts.us-gov-west-1.amazonaws.com", "https://portal.sso.us-gov-west-1.amazonaws.com"},
		"dual stack":       {map[string]string{"AWS_USE_DUALSTACK_ENDPOINT": "true"}, "eu-west-1", "https://sts.eu-west-1.api.aws", "https://portal.sso.eu-west-1.api.aws"},
		"dual stack, China": {
			map[string]string{"AWS_USE_DUALSTACK_ENDPOINT": "true"},
			"cn-north-1",
			"https://sts.cn-north-1.api.amazonwebservices.com.cn", "https://portal.sso.cn-north-1.api.amazonwebservices.com.cn",
		},
		"all services": {map[string]string{"AWS_ENDPOINT_URL": "http://x/"}, "eu-west-1", "http://x", "http://x"},
		"one service":  {map[string]string{"AWS_ENDPOINT_URL": "http://x", "AWS_ENDPOINT_URL_STS": "http://y"}, "eu-west-1", "http://y", "http://x"},
		"ignored":      {map[string]string{"AWS_ENDPOINT_URL": "http://x", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "TRUE"}, "eu-west-1", "https://sts.eu-west-1.amazonaws.com", "https://portal.sso.eu-west-1.amazonaws.com"},
	} {
		t.Run(name, func(t *testing.T) {
			environment(t, test.variables, nil)
			s, err := Load(Options{Region: test.region})
			if err != nil {
				t.Fatal(err)
			}
			sts, err := s.url("sts", "sts", s.Region)
			if err != nil || sts != test.sts {
				t.Errorf("STS at %q, want %q, error %v", sts, test.sts, err)
			}
			sso, err := s.url("portal.sso", "sso", s.Region)
			if err != nil || sso != test.sso {
				t.Errorf("SSO at %q, want %q, error %v", sso, test.sso, err)
			}
		})
	}
}

// The endpoint, the region and the flags are those of the program, of the environment and of
// the profile, in this order.
func TestSettings(t *testing.T) {
	const config = "[default]\nregion = r1\nuse_fips_endpoint = true\nendpoint_url = http://profile\n" +
		"[profile a]\nregion = r2\nservices = v\nendpoint_url = http://profile\n[services v]\ns3 =\n  endpoint_url = http://services\n"
	for name, test := range map[string]struct {
		variables map[string]string
		options   Options
		region    string
		endpoint  string
		fips      bool
	}{
		"profile":                 {nil, Options{}, "r1", "http://profile", true},
		"a given profile":         {map[string]string{"AWS_PROFILE": "none"}, Options{Profile: "a"}, "r2", "http://services", false},
		"AWS_DEFAULT_REGION":      {map[string]string{"AWS_DEFAULT_REGION": "r3"}, Options{}, "r3", "http://profile", true},
		"AWS_REGION":              {map[string]string{"AWS_REGION": "r4", "AWS_DEFAULT_REGION": "r3"}, Options{}, "r4", "http://profile", true},
		"a given region":          {map[string]string{"AWS_REGION": "r4"}, Options{Region: "r5"}, "r5", "http://profile", true},
		"endpoint of variables":   {map[string]string{"AWS_ENDPOINT_URL": "http://all"}, Options{Profile: "a"}, "r2", "http://all", false},
		"endpoint of the service": {map[string]string{"AWS_ENDPOINT_URL": "http://all", "AWS_ENDPOINT_URL_S3": "http://s3"}, Options{Profile: "a"}, "r2", "http://s3", false},
		"flag of a variable":      {map[string]string{"AWS_USE_FIPS_ENDPOINT": "false"}, Options{}, "r1", "http://profile", false},
	} {
		t.Run(name, func(t *testing.T) {
			environment(t, test.variables, map[string]string{"config": config})
			s, err := Load(test.options)
			if err != nil {
				t.Fatal(err)
			}
			endpoint, err := s.Endpoint("s3")
			if err != nil || s.Region != test.region || endpoint != test.endpoint || s.FIPS != test.fips {
				t.Errorf("region %q, endpoint %q, FIPS %t, error %v", s.Region, endpoint, s.FIPS, err)
			}
		})
	}
	environment(t, nil, nil)
	if s, err := Load(Options{}); err != nil || s.Region != "us-east-1" {
		t.Errorf("without settings: region %v, error %v", s, err)
	}
}
