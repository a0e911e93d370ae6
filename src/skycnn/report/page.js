"use strict";
// What the page can do besides being read: sort and filter its cards, and enlarge cards and figures.

const number = (card, key) => (card.dataset[key] === undefined ? NaN : Number(card.dataset[key]));

// Cards without a value stand last, whichever the direction; equal ones stay in the order of their rows.
const compare = (a, b, down) => {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b);
  return down ? b - a : a - b;
};

for (const tools of document.querySelectorAll(".tools")) {
  const cards = tools.parentElement.querySelector(".cards");
  const all = [...cards.children];
  const words = new Map(all.map((card) => [card, card.textContent.toLowerCase()]));
  const flags = new Map(all.map((card) => [card, JSON.parse(card.dataset.flags)]));
  const [sort, flag, text] = ["sort", "flag", "text"].map((name) => tools.querySelector(`[name=${name}]`));
  const count = tools.querySelector("output");

  const arrange = () => {
    const [key, direction] = sort.value.split(" ");
    const down = direction === "down";
    const byRow = (a, b) => number(a, "order") - number(b, "order");
    cards.append(...all.sort((a, b) => compare(number(a, key), number(b, key), down) || byRow(a, b)));
  };
  const select = () => {
    const wanted = text.value.trim().toLowerCase();
    let shown = 0;
    for (const card of all) {
      const has = flags.get(card);
      const kept = { all: true, none: !has.length, any: has.length > 0 }[flag.value] ?? has.includes(Number(flag.value));
      card.hidden = !(kept && words.get(card).includes(wanted));
      shown += !card.hidden;
    }
    count.textContent = `${shown} of ${all.length} shown`;
  };

  tools.hidden = false;
  sort.addEventListener("change", arrange);
  flag.addEventListener("change", select);
  text.addEventListener("input", select);
  arrange(); // a browser that goes back to the page keeps what was chosen
  select();
}

const button = (label, action) => {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = label;
  made.addEventListener("click", action);
  return made;
};

const zoomable = [...document.querySelectorAll(".zoomable")];
if (zoomable.length) {
  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-label", "Enlarged");
  let current = zoomable[0];
  const close = () => dialog.close();

  const show = (item) => {
    current = item;
    const copy = item.cloneNode(true);
    for (const element of [copy, ...copy.querySelectorAll("[id]")]) element.removeAttribute("id");
    copy.querySelector(".enlarge")?.remove();
    for (const part of copy.querySelectorAll("details")) part.open = true;
    const turn = document.createElement("div");
    turn.className = "turn";
    turn.append(button("Previous", () => step(-1)), button("Next", () => step(1)), button("Close", close));
    dialog.replaceChildren(turn, copy);
    dialog.scrollTop = 0;
  };
  // In the order in which they stand now, past those that are filtered out.
  const step = (by) => {
    const standing = [...document.querySelectorAll("main .zoomable:not([hidden])")];
    const place = (standing.indexOf(current) + by + standing.length) % standing.length;
    show(standing[place]);
    dialog.querySelectorAll(".turn button")[by < 0 ? 0 : 1].focus();
  };
  const open = (item) => {
    show(item);
    dialog.showModal();
  };

  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") step(-1);
    if (event.key === "ArrowRight") step(1);
  });
  dialog.addEventListener("click", (event) => event.target === dialog && close());
  dialog.addEventListener("close", () => current.querySelector(".enlarge").focus());
  document.body.append(dialog);
  for (const item of zoomable) {
    const made = button("Enlarge", () => open(item));
    made.className = "enlarge";
    made.setAttribute("aria-label", `Enlarge ${item.dataset.label}`);
    item.append(made);
  }
}
