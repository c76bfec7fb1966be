/** Another process has taken the run over, or it has ended; what was under way here is not committed. */
export class LostRun extends Error {
  constructor() {
    super('Another process holds this sync by now.');
    this.name = 'LostRun';
  }
}
