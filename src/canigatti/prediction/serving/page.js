"use strict";

const AT_ONCE = 4; // uploads; the others wait here instead of on the server
const SHOWN = 5; // classes before "all classes"

const input = document.getElementById("files");
const zone = document.getElementById("drop");
const list = document.getElementById("photos");
const heading = document.getElementById("heading");
const clear = document.getElementById("clear");
const status = document.getElementById("status");
const maxBytes = Number(document.body.dataset.maxBytes);

const waiting = [];
let running = 0;
let count = { added: 0, predicted: 0, refused: 0 };

function element(name, className, text = "") {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.textContent = text;
  return made;
}

function report() {
  const done = count.predicted + count.refused;
  const refused = count.refused ? `, ${count.refused} refused` : "";
  const photos = count.added === 1 ? "1 photo" : `${count.added} photos`;
  status.textContent = count.added ? `${done} of ${photos} done${refused}` : "";
  heading.hidden = clear.hidden = !count.added;
}

function add(files) {
  for (const file of files) {
    const item = element("li");
    const name = element("h3", "name", file.name);
    item.append(name, element("p", "note", "waiting …"));
    list.append(item);
    waiting.push({ file, item, count });
    count.added += 1;
  }
  report();
  next();
}

async function next() {
  if (running === AT_ONCE || !waiting.length) return;
  running += 1;
  next();
  const { file, item, count: own } = waiting.shift();
  const answer = await predict(file);
  running -= 1;
  own[answer.error ? "refused" : "predicted"] += 1;
  show(item, answer);
  report();
  next();
}

async function predict(file) {
  if (file.size > maxBytes) {
    return { error: `the file has ${file.size.toLocaleString("en")} bytes, expected at most ${maxBytes.toLocaleString("en")}` };
  }
  let response;
  try {
    response = await fetch(`predict?name=${encodeURIComponent(file.name)}`, { method: "POST", body: file });
  } catch {
    return { error: "it cannot be read or sent: it may be a folder, or `canigatti serve` has ended" };
  }
  try {
    return await response.json();
  } catch {
    return { error: `the server failed (${response.status}); its terminal has the reason` };
  }
}

function show(item, answer) {
  item.lastChild.remove();
  if (answer.error) {
    item.append(element("p", "refused", `Not predicted: ${answer.error}`));
    return;
  }
  const images = element("div", "images");
  images.append(figure(answer.photo, answer.explanation ? "the photo" : ""));
  if (answer.explanation) {
    const name = answer.probabilities[0].name;
    images.append(figure(answer.explanation, `in color: what speaks for ${name} (Grad-CAM)`));
  }
  const text = element("div");
  const sure = answer.is_sure ? "" : ` (most probable: ${answer.probabilities[0].name})`;
  text.append(element("p", "predicted", answer.predicted + sure), classes(answer.probabilities.slice(0, SHOWN)));
  if (answer.probabilities.length > SHOWN) {
    const others = element("details");
    others.append(element("summary", "", `${answer.probabilities.length - SHOWN} more classes`));
    others.append(classes(answer.probabilities.slice(SHOWN)));
    text.append(others);
  }
  item.append(images, text);
}

function figure(source, caption) {
  const made = element("figure");
  const image = element("img");
  image.src = source;
  image.alt = "";
  made.append(image);
  if (caption) made.append(element("figcaption", "", caption));
  return made;
}

function classes(probabilities) {
  const made = element("ol", "classes");
  for (const { name, probability } of probabilities) {
    const row = element("li");
    const bar = element("span", "bar");
    bar.append(element("span"));
    bar.firstChild.style.width = `${100 * probability}%`;
    row.append(element("span", "", name), element("span", "number", percentage(probability)), bar);
    made.append(row);
  }
  return made;
}

// Two digits after the point, but never 0% or 100% for what is not.
function percentage(probability) {
  if (probability > 0 && probability < 0.0001) return "<0.01%";
  if (probability < 1 && probability > 0.9999) return ">99.99%";
  return `${(100 * probability).toFixed(2)}%`;
}

input.addEventListener("change", () => {
  add(input.files);
  input.value = ""; // the same file can be chosen again
});
clear.addEventListener("click", () => {
  waiting.length = 0;
  list.replaceChildren();
  count = { added: 0, predicted: 0, refused: 0 };
  report();
  input.focus();
});
zone.addEventListener("submit", (event) => event.preventDefault());
for (const name of ["dragenter", "dragover"]) {
  document.addEventListener(name, (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
}
for (const name of ["dragleave", "drop"]) {
  document.addEventListener(name, (event) => {
    event.preventDefault();
    zone.classList.remove("over");
  });
}
document.addEventListener("drop", (event) => add(event.dataTransfer.files));
