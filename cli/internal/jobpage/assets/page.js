"use strict";

const element = (id) => document.getElementById(id);

// setText changes an element only if its text differs, so that screen readers do not repeat it.
function setText(node, text) {
  if (node.textContent !== String(text)) node.textContent = text;
}

function size(n) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let unit = 0;
  while (n >= 1023.95 && unit < units.length - 1) {
    n /= 1024;
    unit++;
  }
  return `${Number(n.toFixed(unit === 0 ? 0 : 1))} ${units[unit]}`;
}

// fill replaces the rows of a table. The first column is the heading of its row.
function fill(id, none, rows) {
  element(id).hidden = rows.length === 0;
  element(none).hidden = rows.length > 0;
  const body = element(id).tBodies[0];
  while (body.rows.length > rows.length) body.deleteRow(-1);
  rows.forEach((values, i) => {
    let row = body.rows[i];
    if (!row) {
      row = body.insertRow();
      values.forEach(({ number }, column) => {
        const cell = document.createElement(column === 0 ? "th" : "td");
        if (column === 0) cell.scope = "row";
        if (number) cell.className = "number";
        else cell.dir = "auto";
        row.append(cell);
      });
    }
    values.forEach(({ text }, column) => setText(row.cells[column], text));
  });
}

const word = (text) => ({ text });
const number = (text) => ({ text, number: true });

function stateOf(s) {
  if (s.adding) return "Items are being added";
  if (s.items === 0) return "No items";
  if (s.queued === 0 && s.in_flight === 0) return s.failed > 0 ? "Complete, with failed items" : "Complete";
  return s.workers.some((w) => !w.silent) ? "Running" : "Waiting for a worker";
}

function show(s) {
  const percent = s.items > 0 ? Math.floor((s.done + s.failed) * 100 / s.items) : 0;
  setText(element("job"), s.job);
  setText(element("endpoint"), s.endpoint);
  setText(element("state"), stateOf(s));
  setText(element("percent"), `${percent}%`);
  element("progress").value = percent;
  for (const id of ["in_flight", "done", "failed"]) setText(element(id), s[id].toLocaleString("en"));
  setText(element("queued"), s.queued.toLocaleString("en") + (s.again && s.queued > 0 ? " (some again)" : ""));
  element("failed").className = s.failed > 0 ? "bad" : "";
  const length = s.length > 0 ? ` of ${size(s.length)}` : "";
  setText(element("bytes"), size(s.bytes) + length);
  setText(element("rate"), `${size(s.rate)}/s`);
  fill("workers", "no-workers", s.workers.map((w) => [
    word(w.silent ? `${w.worker} (silent)` : w.draining ? `${w.worker} (draining)` : w.worker), number(w.slots), number(w.in_flight),
    number(w.done), number(w.failed), number(`${size(w.rate)}/s`),
  ]));
  fill("failures", "no-failures", s.failures.map((f) => [word(f.item), word(f.message)]));
  document.title = `${percent}% ${s.job} - tusker job`;
}

function problem(text) {
  element("problem").hidden = text === "";
  setText(element("problem"), text);
}

const initial = JSON.parse(element("initial").textContent);
if (initial.job) show(initial);

const events = new EventSource("events");
events.addEventListener("status", (e) => {
  problem("");
  show(JSON.parse(e.data));
});
events.addEventListener("problem", () => problem("The engine does not answer."));
events.onerror = () => problem("The worker that serves this page does not answer. The numbers are old.");
