import { afterEach, beforeEach, vi } from "vitest";

/**
 * Stops the clock of the service in every test of a file: only {@link passSeconds} moves it. Timers
 * stay real. It starts at the true time, since D1 dates its own rows by its own clock.
 */
export function stopClock(): void {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
}

/** Moves the stopped clock. */
export function passSeconds(seconds: number): void {
  vi.setSystemTime(Date.now() + seconds * 1000);
}

/** Ends each pause of the service's own (`scheduler.wait`) at once, in every test of a file. */
export function skipWaits(): void {
  const wait = scheduler.wait.bind(scheduler);
  beforeEach(() => {
    const spy = vi.spyOn(scheduler, "wait").mockImplementation((_, options) => wait(0, options));
    // Not all spies: a file may have some of its own.
    return () => spy.mockRestore();
  });
}
