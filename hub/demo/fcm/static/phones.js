"use strict";

const LIMIT = 60;
const EVERY_MS = 1000;
const PLATFORMS = { android: "Android", ios: "iOS", web: "Browser" };
const KINDS = { request: "Needs your answer", acknowledgement: "Please confirm", notice: "Notice" };
const main = document.getElementById("phones");
const query = document.getElementById("query");
const cards = new Map(); // token -> {element, drawn: tag -> what is on screen}
let generation = 0; // an answer that a newer request has overtaken is not drawn

function two(number) {
  return String(number).padStart(2, "0");
}

function clock(seconds) {
  const date = new Date(seconds * 1000);
  return `${two(date.getHours())}:${two(date.getMinutes())}`;
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function initials(label) {
  const words = label.split(/[\s,·–-]+/u).filter((word) => /^\p{L}/u.test(word));
  return words.slice(0, 2).map((word) => [...word][0].toUpperCase()).join("") || "?";
}

function makeCard(token) {
  const element = document.getElementById("phone").content.firstElementChild.cloneNode(true);
  element.querySelector(".network").addEventListener("click", async (event) => {
    const online = event.currentTarget.getAttribute("aria-checked") !== "true";
    await fetch(`emulator/phones/${encodeURIComponent(token)}/online`, {
      method: "PUT",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ online }),
    }).catch(() => null);
    refresh();
  });
  return { element, drawn: null };
}

function makeItem() {
  return document.getElementById("item").content.firstElementChild.cloneNode(true);
}

function drawTray(card, tray) {
  const first = card.drawn === null; // what was there before the page opened does not arrive
  const list = card.element.querySelector(".tray");
  const before = card.drawn || new Map();
  card.drawn = new Map();
  tray.forEach((item, position) => {
    const known = before.get(item.tag);
    const element = known ? known.element : makeItem();
    before.delete(item.tag);
    card.drawn.set(item.tag, { element, drawnAt: item.drawn_at });
    if (!known || known.drawnAt !== item.drawn_at) {
      element.dataset.kind = item.kind;
      element.classList.toggle("generic", item.generic);
      element.classList.remove("new");
      void element.offsetWidth; // lets the animation start again for a replaced entry
      element.classList.toggle("new", !first);
      const again = item.times > 1 ? ` · updated ${item.times - 1}×` : "";
      setText(element.querySelector(".kind"), (KINDS[item.kind] || "Notification") + again);
      setText(element.querySelector("strong"), item.title);
      setText(element.querySelector("p"), item.text);
      setText(element.querySelector("time"), clock(item.drawn_at));
    }
    if (list.children[position] !== element) list.insertBefore(element, list.children[position] || null);
  });
  for (const gone of before.values()) gone.element.remove();
  card.element.classList.toggle("bare", tray.length === 0);
}

function drawPhone(card, phone, now) {
  const { element } = card;
  setText(element.querySelector(".clock"), clock(now));
  setText(element.querySelector(".platform"), PLATFORMS[phone.platform]);
  const [owner, ...device] = (phone.label || "Unnamed phone").split(" · ");
  setText(element.querySelector("h2"), owner);
  setText(element.querySelector(".device"), device.join(" · "));
  setText(element.querySelector(".avatar"), initials(owner));
  const network = element.querySelector(".network");
  network.setAttribute("aria-checked", String(phone.online));
  network.setAttribute("aria-label", `Network of ${phone.label}`);
  setText(network, phone.online ? "Online" : "Offline");
  element.classList.toggle("offline", !phone.online);
  const waiting = phone.stored ? ` · ${phone.stored} waiting` : "";
  const dropped = phone.dropped ? ` · ${phone.dropped} dropped` : "";
  const codes = phone.codes ? " · activation code came" : "";
  setText(element.querySelector("footer"), `${phone.received} received${codes}${waiting}${dropped}`);
  drawTray(card, phone.tray);
}

function draw(answer) {
  // Cards keep their places: phones that jump around cannot be watched.
  const shown = answer.phones;
  const present = new Set(shown.map((phone) => phone.token));
  for (const [token, card] of cards) {
    if (!present.has(token)) {
      card.element.remove();
      cards.delete(token);
    }
  }
  for (const phone of shown) {
    let card = cards.get(phone.token);
    if (!card) {
      card = makeCard(phone.token);
      cards.set(phone.token, card);
      main.append(card.element);
    }
    drawPhone(card, phone, answer.now);
  }
  const numbers = { ...answer.counters, phones: answer.total };
  for (const element of document.querySelectorAll("[data-counter]")) {
    setText(element, numbers[element.dataset.counter].toLocaleString());
  }
  document.getElementById("empty").hidden = answer.total > 0;
  const more = document.getElementById("more");
  more.hidden = shown.length < LIMIT || answer.total <= LIMIT;
  setText(more, `The ${LIMIT} most recently active phones are shown. Search for the others.`);
}

async function refresh() {
  const mine = ++generation;
  const parameters = new URLSearchParams({ counters: "1", limit: LIMIT, q: query.value.trim() });
  try {
    const response = await fetch(`emulator/phones?${parameters}`);
    const answer = await response.json();
    if (mine !== generation) return;
    draw(answer);
    document.getElementById("trouble").hidden = true;
  } catch {
    if (mine === generation) document.getElementById("trouble").hidden = false;
  }
}

async function follow() {
  if (!document.hidden) await refresh();
  setTimeout(follow, EVERY_MS);
}

query.addEventListener("input", refresh);
follow();
