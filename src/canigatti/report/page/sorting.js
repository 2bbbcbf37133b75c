"use strict";
// Headings of tables become buttons that sort the rows: ascending, descending, and as they were. Texts that start with
// a number or a duration are sorted by it, others as texts; cells without a value are last.
const UNITS = { h: 3600, min: 60, s: 1, ms: 0.001 };
const NUMBER = /^[^\p{L}\p{N}–−+-]*([+−-]?(?:\d[\d,]*(?:\.\d+)?|\.\d+)(?:e[+-]?\d+)?)/iu;
const DURATION = /([\d,.]+) (h|min|s|ms)(?= |$)/g;

function textOf(cell) {
  const copy = cell.cloneNode(true);
  copy.querySelectorAll("small").forEach((small) => small.remove());
  return copy.textContent.trim();
}

function numberOf(text) {
  const parts = [...text.matchAll(DURATION)];
  if (parts.length && parts[0].index === 0)
    return parts.reduce((sum, part) => sum + UNITS[part[2]] * Number(part[1].replaceAll(",", "")), 0);
  const found = NUMBER.exec(text);
  return found ? Number(found[1].replaceAll(",", "").replace("−", "-")) : NaN;
}

function isAbsent(text) {
  return text === "" || text === "–";
}

// Among numbers, texts without one, such as the error of a failed trial, follow like absent values.
function comparisonOf(texts, direction) {
  const known = texts.filter((text) => !isAbsent(text));
  const areNumbers = 2 * known.filter((text) => !Number.isNaN(numberOf(text))).length > known.length;
  const isLast = (text) => isAbsent(text) || (areNumbers && Number.isNaN(numberOf(text)));
  const byText = (one, other) => one.localeCompare(other, "en", { numeric: true });
  const compare = (one, other) => (areNumbers && numberOf(one) - numberOf(other)) || byText(one, other);
  return (one, other) => isLast(one) - isLast(other) || direction * compare(one, other);
}

function sort(table, rows, column, direction) {
  const texts = new Map(rows.map((row) => [row, textOf(row.cells[column])]));
  const sorted = [...rows];
  if (direction) {
    const compare = comparisonOf([...texts.values()], direction);
    sorted.sort((one, other) => compare(texts.get(one), texts.get(other)));
  }
  table.tBodies[0].append(...sorted);
}

function makeSortable(table) {
  const headings = [...table.tHead.rows[0].cells];
  const rows = [...table.tBodies[0].rows];
  headings.forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const next = { ascending: "descending", descending: null }[heading.getAttribute("aria-sort")];
      headings.forEach((other) => other.removeAttribute("aria-sort"));
      if (next !== null) heading.setAttribute("aria-sort", next ?? "ascending");
      sort(table, rows, column, { ascending: 1, descending: -1 }[heading.getAttribute("aria-sort")]);
    });
  });
}

// The matrices of all pairs stay as they are.
document.querySelectorAll(".scroll > table:not(.pairs)").forEach((table) => {
  if (table.tHead && table.tBodies[0].rows.length > 1) makeSortable(table);
});
