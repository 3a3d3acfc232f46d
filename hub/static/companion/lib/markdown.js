// The subset of Markdown that a body may have, as templates: text is never read as HTML.
// Blocks: paragraphs, # headings, - and 1. lists, > quotes, ``` code. Inside: **strong**,
// *emphasis*, `code`, [words](https://…) with the host said beside them.
import { html } from "../vendor/lit-html/lit-html.js";

const INLINE =
  /`([^`\n]+)`|\*\*([^*\n]+)\*\*|\*([^*\s][^*\n]*)\*|\[([^\]\n]+)\]\((https:\/\/[^\s()<>"]+)\)/g;

function link(words, address) {
  let host;
  try {
    host = new URL(address).host;
  } catch {
    return words;
  }
  return html`<a href=${address} target="_blank" rel="noopener noreferrer">${words}</a>
    <span class="host">(${host})</span>`;
}

function inline(text) {
  const parts = [];
  let end = 0;
  for (const found of text.matchAll(INLINE)) {
    parts.push(text.slice(end, found.index));
    const [, code, strong, emphasis, words, address] = found;
    if (code) parts.push(html`<code>${code}</code>`);
    else if (strong) parts.push(html`<strong>${strong}</strong>`);
    else if (emphasis) parts.push(html`<em>${emphasis}</em>`);
    else parts.push(link(words, address));
    end = found.index + found[0].length;
  }
  parts.push(text.slice(end));
  return parts;
}

function lines(block) {
  return block.split("\n").map((line, n) => (n ? [html`<br>`, inline(line)] : inline(line)));
}

const BULLET = /^\s{0,3}[-*+]\s+/;
const NUMBER = /^\s{0,3}\d{1,3}[.)]\s+/;

function list(rows, marker) {
  const points = [];
  for (const row of rows) {
    if (marker.test(row) || !points.length) points.push(row.replace(marker, ""));
    else points[points.length - 1] += ` ${row.trim()}`;
  }
  return points.map((point) => html`<li>${inline(point)}</li>`);
}

function block(text) {
  const rows = text.split("\n");
  const heading = /^(#{1,3})\s+(.*)$/.exec(rows[0]);
  if (heading) {
    const rest = rows.slice(1).join("\n");
    return html`<h3 dir="auto">${inline(heading[2])}</h3>${rest ? block(rest) : ""}`;
  }
  if (BULLET.test(rows[0])) return html`<ul dir="auto">${list(rows, BULLET)}</ul>`;
  if (NUMBER.test(rows[0])) return html`<ol dir="auto">${list(rows, NUMBER)}</ol>`;
  if (rows.every((row) => row.startsWith(">"))) {
    const quoted = rows.map((row) => row.replace(/^>\s?/, "")).join("\n");
    return html`<blockquote dir="auto">${lines(quoted)}</blockquote>`;
  }
  const before = rows.findIndex((row) => BULLET.test(row) || NUMBER.test(row));
  if (before > 0) { // a list may follow its sentence without an empty line
    return [block(rows.slice(0, before).join("\n")), block(rows.slice(before).join("\n"))];
  }
  return html`<p dir="auto">${lines(text)}</p>`;
}

export function markdown(text) {
  const parts = text.replace(/\r\n?/g, "\n").split(/^```[^\n]*\n([\s\S]*?)^```$/m);
  return parts.map((part, n) =>
    n % 2
      ? html`<pre tabindex="0"><code>${part.replace(/\n$/, "")}</code></pre>`
      : part.split(/\n\s*\n/).filter((one) => one.trim()).map((one) => block(one.trim())));
}
