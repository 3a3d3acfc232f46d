// What the companion says, in the reader's language; dates, money and plurals by the browser.
import en from "../lang/en.js";
import de from "../lang/de.js";
import ar from "../lang/ar.js";

const CATALOGUES = { en, de, ar };
export const LANGUAGES = Object.entries(CATALOGUES).map(([code, words]) => [code, words.language]);
let language = "en";
let words = en;

// The first of the wanted ones that there is; English if there is none.
export function choose(...wanted) {
  const known = wanted.filter(Boolean).map((one) => one.toLowerCase().split(/[-_]/)[0]);
  language = known.find((one) => one in CATALOGUES) || "en";
  words = CATALOGUES[language];
  document.documentElement.lang = language;
  document.documentElement.dir = words.direction || "ltr";
}

export function current() {
  return language;
}

// A sentence; {names} are replaced. With `count` the plural form that the language has for it.
export function t(key, given = {}) {
  let text = words[key] ?? en[key] ?? key;
  if (typeof text === "object") {
    text = text[new Intl.PluralRules(language).select(given.count)] ?? text.other;
  }
  return text.replace(/\{(\w+)\}/g, (_, name) =>
    name === "count" ? number(given.count) : (given[name] ?? ""));
}

// Whether there is such a sentence, for codes that a newer hub may know.
export function has(key) {
  return key in words || key in en;
}

export function number(value) {
  return new Intl.NumberFormat(language, { maximumFractionDigits: 20 }).format(value);
}

// A file's size, in the largest unit that leaves a whole one.
export function bytes(count) {
  const [unit, of] = count >= 1e6 ? ["megabyte", 1e6] : count >= 1e3 ? ["kilobyte", 1e3] : ["byte", 1];
  return new Intl.NumberFormat(language, { style: "unit", unit, maximumFractionDigits: of === 1e6 ? 1 : 0 }).format(count / of);
}

function money(value, currency) {
  try {
    return new Intl.NumberFormat(language, { style: "currency", currency }).format(value);
  } catch {
    return `${value} ${currency}`;
  }
}

export function date(value) {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium" }).format(new Date(value));
}

export function dateTime(value) {
  const style = { dateStyle: "medium", timeStyle: "short" };
  return new Intl.DateTimeFormat(language, style).format(new Date(value));
}

const STEPS = [[60, "second", 1], [3600, "minute", 60], [86400, "hour", 3600], [604800, "day", 86400]];

// "5 minutes ago", "in 2 days"; a date where it is more than a week away.
export function ago(value, now = Date.now()) {
  const seconds = (new Date(value).getTime() - now) / 1000;
  const step = STEPS.find(([below]) => Math.abs(seconds) < below);
  if (!step) return date(value);
  const [, unit, size] = step;
  if (unit === "second") return t("just_now");
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  return relative.format(Math.round(seconds / size), unit);
}

// The value of a fact, as its type is read in this language.
export function fact({ type, value, currency }) {
  const whole = /^-?\d+(\.\d+)?$/.test(value);
  if (type === "money") return whole ? money(value, currency) : `${value} ${currency}`;
  if (type === "number" && whole) return number(value);
  if (type === "boolean") return value === "true" ? t("yes") : value === "false" ? t("no") : value;
  if ((type === "date" || type === "datetime") && !Number.isNaN(Date.parse(value))) {
    // A date has no time zone: noon keeps it the same day everywhere.
    return type === "date" ? date(`${value.slice(0, 10)}T12:00:00`) : dateTime(value);
  }
  return value;
}
