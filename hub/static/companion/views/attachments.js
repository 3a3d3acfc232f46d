// The files that came with an item: fetched with the reader's token when asked for, saved by the
// browser, and kept nowhere by the companion.
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import * as api from "../lib/api.js";
import { bytes, t } from "../lib/i18n.js";
import { say, set } from "../lib/state.js";
import { icon, sentence } from "./parts.js";

const PATIENCE_MS = 120_000;
const SHORT = {
  "text/plain": "TXT", "text/csv": "CSV", "image/jpeg": "JPG",
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "DOCX",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "XLSX",
  "application/vnd.openxmlformats-officedocument.presentationml.presentation": "PPTX",
};
let underWay = ""; // the path that is being fetched

function type(file) {
  return SHORT[file.type] || file.type.split("/").pop().toUpperCase();
}

// An address of its own would need the token in it: so the bytes come here, and go from here to a file.
async function save(file) {
  if (underWay) return;
  underWay = file.path;
  set({});
  try {
    const answer = await api.raw("GET", file.path, { accept: "*/*", signal: AbortSignal.timeout(PATIENCE_MS) });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await answer.blob());
    link.download = file.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  } catch (failure) {
    say(sentence(failure), "bad");
  } finally {
    underWay = "";
    set({});
  }
}

export function attachments(item) {
  if (!item.attachments?.length) return nothing; // an item kept by an older release has none
  return html`<ul class="links" aria-label=${t("attachments")}>${item.attachments.map((file) => html`<li>
    <button aria-label=${t("save_file", { name: file.name, type: type(file), size: bytes(file.size) })} ?disabled=${underWay === file.path} @click=${() => save(file)}>
      ${icon("clip")}<span dir="auto">${file.name}</span><small>${type(file)} · ${bytes(file.size)}</small></button></li>`)}</ul>`;
}
