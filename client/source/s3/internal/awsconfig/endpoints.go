package awsconfig

import (
	"cmp"
	"os"
	"strings"
)

// Endpoint returns the endpoint of a service, such as "s3" or "sts", that the settings name
// instead of AWS, or "". The variable for the service wins over that for all services, and both
// over the profile.
func (s *Settings) Endpoint(service string) (string, error) {
	ignored, err := s.flag("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls")
	if err != nil || ignored {
		return "", err
	}
	const key = "endpoint_url"
	services := s.files.services[s.profile.get("services")]
	return cmp.Or(
		os.Getenv("AWS_ENDPOINT_URL_"+strings.ToUpper(service)), os.Getenv("AWS_ENDPOINT_URL"),
		services[service].nested[key], s.profile.get(key),
	), nil
}

// Domain returns the domain of the partition of AWS that a region belongs to.
func Domain(region string) string {
	for prefix, name := range map[string]string{
		"cn-": "amazonaws.com.cn", "us-iso-": "c2s.ic.gov", "us-isob-": "sc2s.sgov.gov",
		"us-isof-": "csp.hci.ic.gov", "eu-isoe-": "cloud.adc-e.uk", "eusc-": "amazonaws.eu",
	} {
		if strings.HasPrefix(region, prefix) {
			return name
		}
	}
	return "amazonaws.com"
}

// url returns the URL of a service that is not S3, such as "sts" or "portal.sso", whose settings
// are those of name.
func (s *Settings) url(service, name, region string) (string, error) {
	configured, err := s.Endpoint(name)
	if err != nil || configured != "" {
		return strings.TrimSuffix(configured, "/"), err
	}
	domain := Domain(region)
	switch {
	case s.DualStack && domain == "amazonaws.com.cn":
		domain = "api.amazonwebservices.com.cn"
	case s.DualStack:
		domain = "api.aws"
	}
	// The regions of the government of the United States have FIPS without another name.
	if s.FIPS && !strings.HasPrefix(region, "us-gov-") {
		service += "-fips"
	}
	return "https://" + service + "." + region + "." + domain, nil
}
