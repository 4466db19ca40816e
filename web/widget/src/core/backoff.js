/* How long to wait before the next attempt to connect. */

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 20000;

/** Doubling waits with jitter (half to whole), so that many widgets do not come back at once. */
function backoffMs(attempt, random) {
  const whole = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempt, 10));
  return Math.round(whole / 2 + (whole / 2) * random);
}
