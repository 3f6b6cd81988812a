"use strict";

const endpoint = document.body.dataset.endpoint;
const element = (id) => document.getElementById(id);

// visible replaces characters that are invisible or change the direction of text.
// Names come from other clients and can be any text. They are always set as text
// and never as HTML.
function visible(name) {
  return name.replace(/[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, "\ufffd");
}

function formatSize(bytes) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let i = 0;
  for (; bytes >= 1024 && i < units.length - 1; i++) bytes /= 1024;
  return (i === 0 ? bytes : bytes.toFixed(1)) + " " + units[i];
}

function say(text) { element("status").textContent = text; }

// Requests.

const maxLog = 200;

function logRequest({ method, at, status, ok, offset }) {
  const line = document.createElement("li");
  line.className = ok ? "" : "bad";
  line.textContent = method + (at === null ? "" : ` at ${at}`) + `: ${status}` +
    (ok && offset ? `, the server has ${offset} bytes` : "");
  const log = element("log");
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 20;
  log.append(line);
  if (log.childElementCount > maxLog) {
    log.firstElementChild.remove();
    log.start = (log.start || 1) + 1;
  }
  if (atEnd) log.scrollTop = log.scrollHeight;
}

// Uploads.

const maxActive = 3;
const rows = new Map(); // from the key of a file to its row

// Row shows one upload, or one of an earlier visit whose file is not there yet.
class Row {
  constructor(key, name) {
    this.key = key;
    this.node = element("upload").content.firstElementChild.cloneNode(true);
    this.part = (name) => this.node.querySelector(name);
    this.name = visible(name);
    this.part(".name").textContent = this.name;
    this.part("progress").setAttribute("aria-label", this.name);
    this.part(".remove").setAttribute("aria-label", "Remove " + this.name);
    this.part(".toggle").addEventListener("click", () => this.toggle());
    this.part(".remove").addEventListener("click", () => this.remove());
    element("uploads").append(this.node);
    rows.set(key, this);
  }

  // showInterrupted shows an upload of an earlier visit.
  showInterrupted({ url, size, offset }) {
    this.url = url;
    this.draw("interrupted", offset, size, `${formatSize(offset)} of ${formatSize(size)} sent. Drop the file again to resume.`);
  }

  start(file) {
    this.upload = new Upload(endpoint, file, () => this.show(), logRequest);
    this.show();
    startNext();
  }

  show() {
    const { state, offset, file, error } = this.upload;
    const percent = file.size ? Math.floor(100 * offset / file.size) : 100;
    const text = {
      waiting: "waiting",
      sending: `${percent} % of ${formatSize(file.size)}`,
      retrying: `${error}, retrying`,
      paused: `paused at ${percent} %`,
      done: `${formatSize(file.size)}, done`,
      failed: `failed: ${error}`,
    }[state];
    this.draw(state, offset, file.size, text);
    if (state === "sending") return;
    say(`${this.name}: ${text}`);
    if (["paused", "done", "failed"].includes(state)) startNext();
    if (state === "done") refresh();
  }

  draw(state, offset, size, text) {
    this.node.className = "upload " + state;
    this.part("progress").max = size || 1;
    this.part("progress").value = state === "done" ? size || 1 : offset;
    this.part(".state").textContent = text;
    const toggle = this.part(".toggle");
    toggle.hidden = state === "done" || state === "interrupted";
    toggle.textContent = state === "paused" || state === "failed" ? "Resume" : "Pause";
    toggle.setAttribute("aria-label", toggle.textContent + " " + this.name);
    this.part(".remove").hidden = state === "done";
  }

  toggle() {
    const { state } = this.upload;
    if (state === "waiting") this.upload.set("paused");
    else if (state === "paused" || state === "failed") this.upload.set("waiting");
    else this.upload.pause();
    startNext();
  }

  async remove() {
    rows.delete(this.key);
    this.node.remove();
    element("files").focus();
    say(`${this.name}: removed`);
    if (this.upload) return this.upload.remove();
    memory.remove(this.key);
    await fetch(this.url, { method: "DELETE", headers: { "Tus-Resumable": "1.0.0" } }).catch(() => {});
  }
}

// startNext starts uploads that wait while fewer than maxActive run.
function startNext() {
  const uploads = [...rows.values()].map((row) => row.upload).filter(Boolean);
  let active = uploads.filter(({ state }) => state === "sending" || state === "retrying").length;
  for (const upload of uploads) {
    if (active >= maxActive) return;
    if (upload.state !== "waiting") continue;
    active++;
    upload.run();
  }
}

function addFiles(files) {
  for (const file of files) {
    const key = memory.key(file);
    const row = rows.get(key) || new Row(key, file.name);
    const state = row.upload?.state;
    if (state === "paused" || state === "failed") row.toggle();
    else if (!state || state === "done") row.start(file);
  }
}

for (const key of memory.all()) {
  const stored = memory.get(key);
  if (stored) new Row(key, stored.name).showInterrupted(stored);
  else memory.remove(key);
}

element("files").addEventListener("change", (event) => {
  addFiles([...event.target.files]);
  event.target.value = ""; // so that the same file can be chosen again
});

// Files can be dropped anywhere on the page.
for (const type of ["dragenter", "dragover", "dragleave", "drop"]) {
  document.addEventListener(type, (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    element("drop").classList.toggle("over", type === "dragenter" || type === "dragover");
    if (type !== "drop") return;
    const items = [...event.dataTransfer.items].filter((item) => item.kind === "file");
    const isFolder = (item) => item.webkitGetAsEntry?.()?.isDirectory;
    if (items.some(isFolder)) say("Folders are not uploaded. Drop their files.");
    addFiles(items.filter((item) => !isFolder(item)).map((item) => item.getAsFile()).filter(Boolean));
  });
}

// Faults.

element("break").addEventListener("click", async () => {
  const select = element("fault");
  try {
    const response = await fetch("/page/fault", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ fault: select.value }),
    });
    if (!response.ok) throw new Error(response.statusText);
    say(`The next request breaks: ${select.selectedOptions[0].text}.`);
  } catch (err) {
    say(`The server did not take the fault: ${err.message}`);
  }
});

// Finished uploads.

let shown = "";

async function refresh() {
  let text;
  try {
    const response = await fetch("/page/uploads");
    if (!response.ok) return;
    text = await response.text();
  } catch {
    return; // the next refresh may succeed
  }
  // An unchanged list is not drawn again, so that a focused link stays focused.
  if (text !== shown) showFinished(JSON.parse(text));
  shown = text;
}

function showFinished({ uploads, total }) {
  const focused = document.activeElement?.pathname;
  element("finished").tBodies[0].replaceChildren(...uploads.map((upload) => {
    const row = document.createElement("tr");
    const link = document.createElement("a");
    link.href = upload.url;
    link.download = upload.name;
    const name = document.createElement("bdi");
    name.textContent = visible(upload.name);
    link.append(name);
    row.insertCell().append(link);
    const size = row.insertCell();
    size.className = "number";
    size.textContent = formatSize(upload.size);
    const time = document.createElement("time");
    time.dateTime = upload.modified;
    time.textContent = new Date(upload.modified).toLocaleString();
    row.insertCell().append(time);
    return row;
  }));
  if (focused) [...element("finished").querySelectorAll("a")].find((link) => link.pathname === focused)?.focus();
  element("finished").hidden = uploads.length === 0;
  element("none").hidden = uploads.length > 0;
  element("more").hidden = total <= uploads.length;
  element("more").textContent = `${total - uploads.length} older uploads are not shown.`;
}

refresh();
setInterval(() => { if (document.visibilityState === "visible") refresh(); }, 2000);
