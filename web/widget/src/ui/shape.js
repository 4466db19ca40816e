/* Size and place of the panel: resizing on a desktop, the whole screen on a phone. */

const PHONE = "(max-width: 520px), (max-height: 460px)";
const SIZE_LIMITS = { width: [320, 760], height: [380, 1000] };
const KEY_STEP = 24;

class Shape {
  constructor(panel, memory, changed) {
    this.panel = panel;
    this.memory = memory;
    this.changed = changed;
    this.phone = window.matchMedia(PHONE);
    this.handle = h("button", { type: "button", class: "resize" });
    this.handle.addEventListener("pointerdown", (event) => this.drag(event));
    this.handle.addEventListener("keydown", (event) => this.onKey(event));
    this.fit = () => this.fitScreen();
    this.size = memory.read("size");
  }

  get isPhone() {
    return this.phone.matches;
  }

  start() {
    this.phone.addEventListener("change", this.changed);
    const screen = window.visualViewport;
    if (screen) ["resize", "scroll"].forEach((name) => screen.addEventListener(name, this.fit));
    this.apply();
    this.fitScreen();
  }

  stop() {
    this.phone.removeEventListener("change", this.changed);
    const screen = window.visualViewport;
    if (screen) ["resize", "scroll"].forEach((name) => screen.removeEventListener(name, this.fit));
  }

  /** The keyboard of a phone covers the page without shrinking it: follow what is visible. */
  fitScreen() {
    const screen = window.visualViewport;
    if (!screen) return;
    this.panel.style.setProperty("--screen-top", `${screen.offsetTop}px`);
    this.panel.style.setProperty("--screen-height", `${screen.height}px`);
    this.changed();
  }

  apply() {
    if (!this.size) return;
    this.panel.style.setProperty("--width", `${this.size.width}px`);
    this.panel.style.setProperty("--height", `${this.size.height}px`);
  }

  resize(width, height) {
    const within = (value, [least, most]) => Math.max(least, Math.min(most, Math.round(value)));
    this.size = {
      width: within(width, SIZE_LIMITS.width),
      height: within(height, SIZE_LIMITS.height),
    };
    this.apply();
  }

  drag(event) {
    const box = this.panel.getBoundingClientRect();
    const side = this.panel.closest("[data-position='left']") ? 1 : -1;
    const move = (now) => {
      const wider = (now.clientX - event.clientX) * side;
      this.resize(box.width + wider, box.height + event.clientY - now.clientY);
    };
    const end = () => {
      this.handle.removeEventListener("pointermove", move);
      this.memory.write("size", this.size);
    };
    event.preventDefault();
    this.handle.setPointerCapture(event.pointerId);
    this.handle.addEventListener("pointermove", move);
    this.handle.addEventListener("lostpointercapture", end, { once: true });
  }

  onKey(event) {
    const side = this.panel.closest("[data-position='left']") ? -1 : 1;
    const steps = {
      ArrowUp: [0, KEY_STEP], ArrowDown: [0, -KEY_STEP],
      ArrowLeft: [KEY_STEP * side, 0], ArrowRight: [-KEY_STEP * side, 0],
    };
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    const box = this.panel.getBoundingClientRect();
    this.resize(box.width + step[0], box.height + step[1]);
    this.memory.write("size", this.size);
  }
}
