// Pulling the list down asks the hub what is new; for fingers, beside the button for everybody.
import * as sync from "../lib/sync.js";

const FAR = 72;
let from = null;
let pulled = 0;

function follow(scroller, distance) {
  scroller.style.setProperty("--pulled", `${Math.round(distance)}px`);
  scroller.classList.toggle("pulling", distance > 0);
  scroller.classList.toggle("far", distance >= FAR);
}

export const pull = {
  start: {
    handleEvent(event) {
      from = event.currentTarget.scrollTop <= 0 ? event.touches[0].clientY : null;
      pulled = 0;
    },
    passive: true,
  },
  move: {
    handleEvent(event) {
      if (from === null) return;
      pulled = Math.max(0, Math.min(110, (event.touches[0].clientY - from) * 0.5));
      follow(event.currentTarget, pulled);
    },
    passive: true,
  },
  end: {
    async handleEvent(event) {
      const scroller = event.currentTarget;
      if (pulled >= FAR) await sync.refresh();
      from = null;
      pulled = 0;
      follow(scroller, 0);
    },
    passive: true,
  },
};
