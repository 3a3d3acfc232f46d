// One field for each type of input that an action or a form may declare, and their values.
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { t } from "../lib/i18n.js";

function options(one) {
  return (one.options || []).map((option) => (typeof option === "string" ? { value: option, label: option } : option));
}

function control(one, id, described) {
  const name = `input:${one.name}`;
  const needed = Boolean(one.required);
  switch (one.type) {
    case "number":
      return html`<input id=${id} name=${name} type="number" inputmode="decimal" step="any" min=${one.min ?? nothing} max=${one.max ?? nothing} ?required=${needed} aria-describedby=${described}>`;
    case "date":
      return html`<input id=${id} name=${name} type="date" min=${one.min ?? nothing} max=${one.max ?? nothing} ?required=${needed} aria-describedby=${described}>`;
    case "select":
      return html`<select id=${id} name=${name} ?required=${needed} aria-describedby=${described}>
        <option value="">${t("choose")}</option>${options(one).map(({ value, label }) => html`<option value=${value} dir="auto">${label}</option>`)}</select>`;
    default:
      return (one.max_length ?? 500) > 120
        ? html`<textarea id=${id} name=${name} rows="2" maxlength=${one.max_length ?? 500} ?required=${needed} dir="auto" aria-describedby=${described}></textarea>`
        : html`<input id=${id} name=${name} maxlength=${one.max_length} ?required=${needed} dir="auto" aria-describedby=${described}>`;
  }
}

function choices(one, flaw) {
  const limits = one.min || one.max ? t("choose_between", { min: one.min ?? 0, max: one.max ?? one.options.length }) : "";
  return html`<fieldset class="choices"><legend dir="auto">${one.label || one.name}${one.required ? nothing : html` <small>${t("optional")}</small>`}</legend>
    ${options(one).map(({ value, label }) => html`<label class="tick"><input type="checkbox" name=${`input:${one.name}`} value=${value}><span dir="auto">${label}</span></label>`)}
    ${limits ? html`<small class="soft">${limits}</small>` : nothing}
    ${flaw ? html`<small class="flaw">${flaw}</small>` : nothing}</fieldset>`;
}

function yesNo(one, flaw) {
  return html`<fieldset class="choices inline"><legend dir="auto">${one.label || one.name}${one.required ? nothing : html` <small>${t("optional")}</small>`}</legend>
    <label class="tick"><input type="radio" name=${`input:${one.name}`} value="true" ?required=${one.required}><span>${t("yes")}</span></label>
    <label class="tick"><input type="radio" name=${`input:${one.name}`} value="false" ?required=${one.required}><span>${t("no")}</span></label>
    ${flaw ? html`<small class="flaw">${flaw}</small>` : nothing}</fieldset>`;
}

export function inputField(one, flaw) {
  if (one.type === "multi-select") return choices(one, flaw);
  if (one.type === "boolean") return yesNo(one, flaw);
  const id = `input-${one.name}`;
  return html`<label for=${id} dir="auto">${one.label || one.name}${one.required ? nothing : html` <small>${t("optional")}</small>`}</label>
    ${control(one, id, flaw ? `${id}-flaw` : nothing)}
    ${flaw ? html`<small class="flaw" id="${id}-flaw">${flaw}</small>` : nothing}`;
}

// The values as the API takes them, by name; what was left empty is not said.
export function valuesOf(inputs, form) {
  const given = new FormData(form);
  const values = {};
  for (const { name, type } of inputs) {
    const said = given.getAll(`input:${name}`).filter((value) => value !== "");
    if (!said.length) continue;
    if (type === "multi-select") values[name] = said;
    else if (type === "number") values[name] = Number(said[0]);
    else if (type === "boolean") values[name] = said[0] === "true";
    else values[name] = said[0];
  }
  return values;
}
