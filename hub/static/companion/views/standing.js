// Where an item stands, in a word and in steps: the one place that says it.
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { t } from "../lib/i18n.js";
import { icon } from "./parts.js";

const ENDED = ["withdrawn", "settled", "expired"];

// A short text with a kind for its colour and a sign; empty where there is nothing to say.
export function standing(item, unsent) {
  if (unsent) {
    return unsent.refused
      ? { text: t("not_counted"), kind: "bad", sign: "warning" }
      : { text: t("not_sent_yet"), kind: "warn", sign: "clock" };
  }
  if (item.decision) {
    const { effect, outcome } = item.decision;
    if (outcome === "refused") return { text: t("outcome_refused_short"), kind: "bad", sign: "warning" };
    if (outcome === "undeliverable") return { text: t("outcome_undeliverable_short"), kind: "warn", sign: "warning" };
    return effect === "approve"
      ? { text: t("approved"), kind: "good", sign: "check" }
      : { text: t("rejected"), kind: "bad", sign: "cross" };
  }
  if (ENDED.includes(item.state)) return { text: t(`state_${item.state}`), kind: "", sign: "archive" };
  if (item.kind === "acknowledgement") {
    return item.waiting_for_you
      ? { text: t("to_confirm"), kind: "warn", sign: "pen" }
      : { text: item.acknowledged_at ? t("confirmed_read") : "", kind: "good", sign: "check" };
  }
  if (item.waiting_for_you) return { text: t("to_answer"), kind: "warn", sign: "pen" };
  if (item.your_answer) return { text: t("you_answered"), kind: "", sign: "check" };
  return { text: "", kind: "", sign: "" };
}

const STEPS = ["recorded", "sent", "confirmed"];

// recorded → sent → confirmed, or refused with the sub-system's sentence.
export function outcomeSteps(decision, subsystem) {
  const { outcome } = decision;
  const bad = outcome === "refused" || outcome === "undeliverable";
  const reached = outcome === "recorded" ? 0 : outcome === "sent" ? 1 : 2;
  return html`<ol class="steps ${bad ? "bad" : ""}" aria-label=${t("outcome_label")}>
    ${STEPS.map((step, n) => {
      const last = n === 2;
      const name = last && bad ? outcome : step;
      const done = n <= reached;
      return html`<li class=${done ? "done" : "open"} aria-current=${n === reached ? "step" : nothing}>
        <span class="dot">${done ? icon(last && bad ? "cross" : "check") : nothing}</span>
        <span>${t(`outcome_${name}`, { name: subsystem.name })}</span></li>`;
    })}
  </ol>
  ${decision.message ? html`<blockquote class="said ${bad ? "bad" : "good"}" dir="auto">${decision.message}
      <cite>${subsystem.name}</cite></blockquote>` : nothing}`;
}
