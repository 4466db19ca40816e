/* Building nodes. Data only ever becomes text or an attribute value, never markup. */

const SVG = "http://www.w3.org/2000/svg";

function applyProps(node, props) {
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.setAttribute("class", value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
}

/** h("button", {class, onclick, ...}, ...children): strings become text nodes. */
function h(tag, props, ...children) {
  const node = document.createElement(tag);
  applyProps(node, props || {});
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Line icons on a 24 grid; each is a list of path data. */
const ICONS = {
  chat: ["M21 11.5a8.4 8.4 0 0 1-12.2 7.5L3 21l2-5.6A8.5 8.5 0 1 1 21 11.5Z", "M9 10.5h6.5", "M9 13.8h4"],
  close: ["M6 6l12 12", "M18 6 6 18"],
  down: ["M6 9.5l6 6 6-6"],
  send: ["M12 19V5.5", "M6 11.5l6-6 6 6"],
  stop: ["M8 8h8v8H8z"],
  more: ["M5.5 12h.01", "M12 12h.01", "M18.5 12h.01"],
  book: ["M12 6.5C10 5 7 4.6 4 5v13c3-.4 6 0 8 1.5 2-1.5 5-1.9 8-1.5V5c-3-.4-6 0-8 1.5Z", "M12 6.5v13"],
  up: ["M7 10.5v9H4v-9z", "M7 10.5l4-7c1.5 0 2.4 1.2 2.1 2.7l-.7 3.3h5.2c1.4 0 2.3 1.3 2 2.6l-1.4 5.6a2.3 2.3 0 0 1-2.2 1.8H7"],
  nope: ["M17 13.5v-9h3v9z", "M17 13.5l-4 7c-1.5 0-2.4-1.2-2.1-2.7l.7-3.3H6.4c-1.4 0-2.3-1.3-2-2.6l1.4-5.6A2.3 2.3 0 0 1 8 4.5h9"],
  copy: ["M9 9h11v11H9z", "M5 15H4V4h11v1"],
  save: ["M12 4v11", "M7.5 11l4.5 4.5L16.5 11", "M5 19.5h14"],
  person: ["M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8Z", "M4.5 20.5c.8-3.8 3.8-5.8 7.5-5.8s6.7 2 7.5 5.8"],
  bin: ["M5 7h14", "M9.5 7V4.5h5V7", "M6.5 7l1 13h9l1-13", "M10.3 11v5.5", "M13.7 11v5.5"],
  globe: ["M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Z", "M3.2 12h17.6", "M12 3c2.6 2.6 3.6 5.7 3.6 9s-1 6.4-3.6 9c-2.6-2.6-3.6-5.7-3.6-9s1-6.4 3.6-9Z"],
  retry: ["M19.5 12a7.5 7.5 0 1 1-2.3-5.4L20 9", "M20 4.5V9h-4.5"],
  info: ["M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Z", "M12 11.5v5", "M12 8h.01"],
  out: ["M14 5h5v5", "M19 5l-8.5 8.5", "M18 14v5H5V6h5"],
  auto: ["M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Z", "M12 3v18", "M12 8h5.5", "M12 12h8.5", "M12 16h5.5"],
  sun: ["M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8Z", "M12 2.5v2", "M12 19.5v2", "M2.5 12h2", "M19.5 12h2", "M5.3 5.3l1.4 1.4", "M17.3 17.3l1.4 1.4", "M18.7 5.3l-1.4 1.4", "M6.7 17.3l-1.4 1.4"],
  moon: ["M20 14.2A8.3 8.3 0 0 1 9.8 4a8.3 8.3 0 1 0 10.2 10.2Z"],
  check: ["M5 12.5l4.5 4.5L19 7.5"],
};

function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  applyProps(svg, { viewBox: "0 0 24 24", "aria-hidden": "true", class: `icon icon-${name}` });
  for (const data of ICONS[name]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", data);
    svg.append(path);
  }
  return svg;
}

function iconButton(name, label, onclick, extra = {}) {
  const props = { type: "button", "aria-label": label, title: label, onclick, ...extra };
  return h("button", { ...props, class: `icon-button ${extra.class || ""}` }, icon(name));
}

/** Text as nodes: lines kept as written, addresses linked, each line with its own direction. */
function textNodes(text) {
  return displayLines(text).map(({ kind, text: line }) =>
    h("div", { class: `line line-${kind}`, dir: "auto" }, linkParts(line).map(linkNode)),
  );
}

function linkNode(part) {
  if (!part.href) return part.text;
  return h(
    "a",
    { href: part.href, target: "_blank", rel: "noopener noreferrer nofollow" },
    part.text,
  );
}

/** Focus goes round inside `root` on Tab while `active()` holds. */
function keepFocus(root, active) {
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Tab" || !active()) return;
    const stops = focusStops(root);
    if (!stops.length) return;
    const here = root.getRootNode().activeElement;
    const edge = event.shiftKey ? stops[0] : stops[stops.length - 1];
    if (here !== edge && root.contains(here)) return;
    event.preventDefault();
    (event.shiftKey ? stops[stops.length - 1] : stops[0]).focus();
  });
}

function focusStops(root) {
  const all = root.querySelectorAll("button, a[href], textarea, input, [tabindex='0']");
  return Array.from(all).filter(
    (node) => !node.disabled && node.tabIndex >= 0 && !node.closest("[inert], [hidden]") && node.getClientRects().length,
  );
}

/** Copy to the clipboard; false where the browser does not allow it. */
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** Hand the visitor a text file. */
function downloadText(name, text) {
  const address = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  h("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}
