/* Runs before the page is drawn, so that the chosen appearance does not flash in. */
(() => {
  "use strict";
  let kept = null;
  try {
    kept = localStorage.getItem("tidewire:theme");
  } catch {
    /* without storage the device decides */
  }
  if (kept === "light" || kept === "dark") document.documentElement.dataset.theme = kept;
})();
