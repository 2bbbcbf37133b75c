"use strict";
// Corrections by photo id. The page works without this script as plain lists.
const corrections = new Map();
const classes = JSON.parse(document.body.dataset.classes);
const status_ = document.getElementById("status");
let unsaved = false;

function field(text) {
  // As in all tables of the study: a text that a spreadsheet would take for a formula gets an apostrophe.
  const safe = /^[=+\-@\t\r']/.test(text) ? "'" + text : text;
  return /[",\r\n]/.test(safe) ? '"' + safe.replaceAll('"', '""') + '"' : safe;
}

function csv() {
  const rows = [...corrections.values()].map((one) => [one.id, one.sha256, one.action, one.label, one.reason]);
  return [["id", "sha256", "action", "label", "reason"], ...rows].map((row) => row.map(field).join(",") + "\n").join("");
}

function announce() {
  const counts = { exclude: 0, relabel: 0, keep: 0 };
  for (const one of corrections.values()) counts[one.action] += 1;
  const parts = Object.entries(counts).map(([action, count]) => `${count} ${action}`);
  status_.textContent = `${corrections.size} correction${corrections.size === 1 ? "" : "s"}: ${parts.join(", ")}${unsaved ? ". Not downloaded yet." : "."}`;
}

function update(id) {
  const one = corrections.get(id);
  for (const controls of document.querySelectorAll(".controls")) {
    if (controls.dataset.id !== id) continue;
    for (const button of controls.querySelectorAll("button")) {
      const pressed = one !== undefined && button.dataset.action === one.action;
      button.setAttribute("aria-pressed", String(pressed));
    }
    const select = controls.querySelector("select");
    if (select && one && one.action === "relabel") {
      fill(select);
      select.value = one.label;
    }
    const reason = controls.querySelector("input");
    if (one && reason.value !== one.reason) reason.value = one.reason;
    controls.parentElement.classList.toggle("decided", one !== undefined);
  }
  announce();
}

function decide(id, correction) {
  if (correction === null) corrections.delete(id);
  else corrections.set(id, correction);
  unsaved = true;
  update(id);
}

function element(name, attributes, text) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

function fill(select) {
  // Not before somebody uses it: a thousand classes times two hundred photos are many elements.
  const chosen = select.value;
  if (select.options.length > 1) return;
  select.replaceChildren(...classes.filter((name) => name !== select.dataset.label).map((name) => element("option", { value: name }, name)));
  select.value = chosen;
}

function addControls(photo) {
  const { id, sha256, label, suggested } = photo.dataset;
  const controls = element("div", { class: "controls", role: "group", "aria-label": `Correction of ${id}` });
  controls.dataset.id = id;
  const others = classes.filter((name) => name !== label);
  const select = element("select", { "aria-label": `New label of ${id}` });
  select.dataset.label = label;
  const first = others.includes(suggested) ? suggested : others[0];
  select.append(element("option", { value: first }, first));
  for (const event of ["focus", "pointerdown"]) select.addEventListener(event, () => fill(select));
  const reason = element("input", { type: "text", "aria-label": `Reason for the correction of ${id}`, placeholder: "Reason" });
  const press = (action) => {
    const one = corrections.get(id);
    if (one !== undefined && one.action === action) return decide(id, null);
    const chosen = action === "relabel" ? select.value : "";
    return decide(id, { id, sha256, action, label: chosen, reason: reason.value });
  };
  const relabel = others.length === 1 ? `Relabel as ${others[0]}` : "Relabel as";
  const names = { exclude: "Exclude", keep: "Keep", relabel };
  for (const [action, name] of Object.entries(names)) {
    const button = element("button", { type: "button", "aria-pressed": "false" }, name);
    button.dataset.action = action;
    button.addEventListener("click", () => press(action));
    controls.append(button);
    if (action === "relabel" && others.length > 1) controls.append(select);
  }
  select.addEventListener("change", () => {
    const one = corrections.get(id);
    if (one !== undefined && one.action === "relabel") decide(id, { ...one, label: select.value });
  });
  reason.addEventListener("input", () => {
    const one = corrections.get(id);
    if (one !== undefined) decide(id, { ...one, reason: reason.value });
  });
  controls.append(reason);
  photo.append(controls);
}

for (const row of document.querySelectorAll("[data-action][data-sha256]")) {
  const { id, sha256, action, label, reason } = row.dataset;
  corrections.set(id, { id, sha256, action, label, reason });
  const withdraw = element("button", { type: "button", "aria-pressed": "false" }, "Withdraw");
  const original = corrections.get(id);
  withdraw.addEventListener("click", () => {
    const isWithdrawn = !corrections.has(id);
    decide(id, isWithdrawn ? original : null);
    withdraw.setAttribute("aria-pressed", String(!isWithdrawn));
  });
  withdraw.setAttribute("aria-label", `Withdraw the correction of ${id}`);
  row.querySelector(".withdraw").append(withdraw);
}
document.querySelectorAll(".photo[data-sha256]").forEach(addControls);
for (const id of corrections.keys()) update(id);
document.getElementById("bar").hidden = false;
document.getElementById("download").addEventListener("click", () => {
  const link = element("a", { download: "corrections.csv" });
  link.href = URL.createObjectURL(new Blob([csv()], { type: "text/csv" }));
  link.click();
  URL.revokeObjectURL(link.href);
  unsaved = false;
  announce();
});
window.addEventListener("beforeunload", (event) => {
  if (unsaved) event.preventDefault();
});
announce();
