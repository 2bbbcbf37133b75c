"use strict";
// The address is the state, such as #wrong&label=1&sort=certainty&photo=cat.1.jpg: every view can be linked.
// The page works without this script as plain lists.
const data = JSON.parse(document.getElementById("data").textContent);
const UNTESTED = 0xffff;
const KEYS = ["label", "as", "by", "sort", "photo"];
const get = (id) => document.getElementById(id);
const grid = get("photos"), dialog = get("enlarged"), controls = get("controls"), rejected = get("rejected");
const cards = [...document.querySelectorAll(".list .photos > li")]; // in the order of `data.ids`
const names = data.networks.map(([experiment, seed]) => `${experiment}/seed${seed}`);
const severalSeeds = new Set(data.networks.map(([, seed]) => seed)).size > 1;
const titles = data.networks.map(([experiment, seed]) => (severalSeeds ? `${experiment}, seed ${seed}` : experiment));
const [predicted, probabilities, trueProbabilities] = [data.predicted, data.probabilities, data.trueProbabilities].map(unpack);
const indexOf = new Map(data.ids.map((id, index) => [id, index]));
const collator = new Intl.Collator("en", { numeric: true });

const filters = {
  all: () => true,
  wrong: (photo) => data.wrong[photo] === data.tested[photo],
  disagree: (photo) => data.disputed[photo] === 1,
  least: (photo) => data.ranks[photo] < data.least,
  duplicates: (photo) => data.groups[photo] >= 0,
  rejected: () => false,
};
const byName = (one, other) => collator.compare(data.ids[one], data.ids[other]) || one - other;
const byCertainty = (one, other) => data.ranks[one] - data.ranks[other];
const groupOf = (photo) => (data.groups[photo] < 0 ? Infinity : data.groups[photo]);
const orders = {
  wrong: (one, other) => data.wrong[other] - data.wrong[one] || byCertainty(one, other),
  certainty: byCertainty,
  duplicates: (one, other) => (groupOf(one) === groupOf(other) ? byName(one, other) : groupOf(one) - groupOf(other)),
  id: byName,
};
const usualOrder = (show) => ({ least: "certainty", duplicates: "duplicates" })[show] ?? "wrong";

let state = {}, shown = [], current = 0;

function unpack(text) {
  const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
  return new Uint16Array(bytes.buffer); // little endian, as every machine with a browser
}

function parse(hash) {
  const parsed = { show: "all", label: "", as: "", by: "", sort: "", photo: "" };
  for (const [key, value] of new URLSearchParams(hash.slice(1))) {
    if (KEYS.includes(key)) parsed[key] = value;
    else if (value === "" && Object.hasOwn(filters, key)) parsed.show = key;
  }
  const isLabel = (text) => text === "" || (/^\d+$/.test(text) && Number(text) < data.classes.length);
  if (!isLabel(parsed.label)) parsed.label = "";
  if (parsed.as !== "wrong" && !isLabel(parsed.as)) parsed.as = "";
  if (!names.includes(parsed.by)) parsed.by = "";
  if (!Object.hasOwn(orders, parsed.sort)) parsed.sort = usualOrder(parsed.show);
  if (!indexOf.has(parsed.photo)) parsed.photo = "";
  return parsed;
}

function address(of) {
  const values = KEYS.filter((key) => of[key] && !(key === "sort" && of.sort === usualOrder(of.show)));
  return "#" + [of.show, ...values.map((key) => `${key}=${encodeURIComponent(of[key])}`)].join("&");
}

// From the address, which a former change may have set while `state` still waits for the event.
const go = (changes) => { location.hash = address({ ...parse(location.hash), ...changes }); };

function isClassified(photo, network, as) {
  const label = predicted[network * data.ids.length + photo];
  if (label === UNTESTED) return false;
  return as === "" || (as === "wrong" ? label !== data.labels[photo] : label === Number(as));
}

function select({ show, label, as, by, sort }) {
  const networks = by === "" ? names.map((_, network) => network) : [names.indexOf(by)];
  const found = [];
  for (let photo = 0; photo < data.ids.length; photo += 1) {
    if (label !== "" && data.labels[photo] !== Number(label)) continue;
    if (filters[show](photo) && networks.some((network) => isClassified(photo, network, as))) found.push(photo);
  }
  return found.sort(orders[sort]);
}

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const count = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
const percent = (steps) => `${(steps / 100).toFixed(2)}%`;
const linkOf = (photo) => cards[photo].firstElementChild;

function list() {
  shown = select(state);
  const kept = shown.indexOf(indexOf.get(state.photo));
  current = Math.max(kept, 0);
  shown.forEach((photo, place) => { linkOf(photo).tabIndex = place === current ? 0 : -1; });
  grid.replaceChildren(...shown.map((photo) => cards[photo]));
  const isList = state.show === "rejected";
  rejected.hidden = !isList;
  for (const one of [grid, controls, get("status"), get("keys")]) one.hidden = isList;
  get("status").textContent = shown.length ? `${count(shown.length, "photo")} of ${data.ids.length.toLocaleString("en")}` : "No photo matches.";
  for (const key of ["label", "as", "by", "sort"]) controls.elements[key].value = state[key];
  for (const link of document.querySelectorAll("nav a")) {
    const show = link.dataset.show;
    link.href = address({ ...state, show, sort: usualOrder(show), photo: "" });
    if (show === state.show) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

function rowOf(photo, network) {
  const place = network * data.ids.length + photo;
  if (predicted[place] === UNTESTED) return null;
  const isWrong = predicted[place] !== data.labels[photo];
  return element("tr", isWrong ? { class: "wrong" } : {},
    element("th", { scope: "row" }, titles[network]),
    element("td", { class: "predicted" }, data.classes[predicted[place]]),
    element("td", { class: "number" }, percent(probabilities[place])),
    element("td", { class: "number" }, percent(trueProbabilities[place])));
}

function enlarge(photo) {
  const { ids, paths, labels, wrong, tested, certainty, groups, members } = data;
  const id = ids[photo], place = shown.indexOf(photo);
  const alike = groups[photo] < 0 ? [] : members[groups[photo]].filter((one) => one !== id);
  const facts = { File: paths[photo], Class: data.classes[labels[photo]], Wrong: `${wrong[photo]} of ${count(tested[photo], "network")}`, Certainty: percent(100 * 100 * certainty[photo]) };
  if (alike.length) facts["Near duplicates"] = alike.join(", ");
  get("name").textContent = id;
  get("picture").replaceChildren(element("img", { src: cards[photo].querySelector("img").src, alt: `The photo ${id}` }));
  get("facts").replaceChildren(...Object.entries(facts).map(([name, text]) => element("div", {}, element("dt", {}, name), element("dd", {}, text))));
  get("networks").replaceChildren(...names.map((_, network) => rowOf(photo, network)).filter((row) => row !== null));
  get("of").textContent = `Of ${facts.Class}`;
  get("position").textContent = place < 0 ? "" : `${place + 1} of ${shown.length.toLocaleString("en")}`;
  get("previous").disabled = place <= 0;
  get("next").disabled = place < 0 || place === shown.length - 1;
  if (place >= 0) moveTo(place);
  if (!dialog.open) dialog.showModal();
}

function moveTo(place) {
  linkOf(shown[current]).tabIndex = -1;
  current = place;
  linkOf(shown[current]).tabIndex = 0;
}

function update() {
  const before = state;
  state = parse(location.hash);
  if (["show", "label", "as", "by", "sort"].some((key) => state[key] !== before[key])) list();
  if (state.photo !== "") enlarge(indexOf.get(state.photo));
  else if (dialog.open) dialog.close();
}

function step(by) {
  const place = shown.indexOf(indexOf.get(state.photo)) + by;
  if (state.photo === "" || place < by || place >= shown.length || place < 0) return;
  // Not a new entry of the history: going back closes the photo.
  history.replaceState(null, "", address({ ...state, photo: data.ids[shown[place]] }));
  update();
}

function columns() {
  return getComputedStyle(grid).gridTemplateColumns.split(" ").length;
}

grid.addEventListener("keydown", (event) => {
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns(), ArrowDown: columns(), Home: -current, End: shown.length - 1 - current };
  if (!Object.hasOwn(steps, event.key) || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const place = current + steps[event.key];
  if (place < 0 || place >= shown.length) return;
  moveTo(place);
  linkOf(shown[current]).focus();
});
grid.addEventListener("click", (event) => {
  const card = event.target.closest("li");
  if (!card || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  go({ photo: data.ids[cards.indexOf(card)] });
});
// Of the document: a button that has the focus and becomes disabled gets no keys.
document.addEventListener("keydown", (event) => {
  if (!dialog.open || event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.key === "ArrowLeft") step(-1);
  if (event.key === "ArrowRight") step(1);
});
dialog.addEventListener("close", () => {
  if (state.photo !== "") go({ photo: "" });
  if (shown.length) linkOf(shown[current]).focus();
});
dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
get("previous").addEventListener("click", () => step(-1));
get("next").addEventListener("click", () => step(1));
get("close").addEventListener("click", () => dialog.close());
controls.addEventListener("change", (event) => go({ [event.target.name]: event.target.value }));
controls.addEventListener("submit", (event) => event.preventDefault());
window.addEventListener("hashchange", update);

data.classes.forEach((name, label) => { for (const key of ["label", "as"]) controls.elements[key].append(element("option", { value: label }, name)); });
names.forEach((name, network) => { controls.elements.by.append(element("option", { value: name }, titles[network])); });
for (const link of document.querySelectorAll("nav a")) link.dataset.show = link.hash.slice(1);
for (const section of document.querySelectorAll(".list")) section.hidden = true;
update();
