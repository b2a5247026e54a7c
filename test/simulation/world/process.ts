/** A window, a CLI or another program of the world. What it has started ends with it. */
export interface Process {
  readonly name: string;
  /** The system's number of it. */
  readonly pid: number;
  /** When it started, ms of the world's time. */
  readonly startedAt: number;
  /** False once it was killed or closed: its calls have no effect and get no answer, and its timers do not fire. */
  isAlive: boolean;
  /** When it was killed or closed, ms of the world's time. */
  endedAt: number | undefined;
  /** How many more calls of the world it may make before it is killed; less than 0 when it was. */
  fuse: number | undefined;
}
