/** Loaded into a server's process before it starts: its wall clock is ahead by so much. Only tests may set a clock. */
const aheadMs = Number(process.env.CLOCK_AHEAD_MS ?? 0);
const now = Date.now;
Date.now = () => now() + aheadMs;
