/** A command that cannot do what it was asked: one sentence that says why, and one with the way out. */
export class Failure extends Error {
  override readonly name = 'Failure';
  /** The process's exit status: 1 the work failed, 2 wrong use. */
  readonly exitStatus: 1 | 2;

  constructor(why: string, wayOut: string, exitStatus: 1 | 2 = 1) {
    super(`${why}. ${wayOut}`);
    this.exitStatus = exitStatus;
  }
}
