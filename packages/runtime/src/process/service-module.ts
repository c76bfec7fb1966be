import type { MountedService } from '../rpc/dispatcher.ts';

/** One service as both deployment shapes run it: what it serves, what it does by itself, how it stops. */
export interface ServiceModule {
  readonly name: string;
  readonly services: readonly MountedService[];
  /** Readiness checks by name; each rejects when its dependency does not work. */
  readonly checks: Readonly<Record<string, () => Promise<void>>>;
  /** Begins background work; resolves when the module can serve. */
  start(): Promise<void>;
  /**
   * Resolves when other processes that stop at the same moment have said what they have to say to this one, or soon; the
   * process serves as ever until then.
   */
  lastWords?(): Promise<void>;
  /** Ends waits at once, those that begin later too: the process takes no new calls and wants to answer what it has. */
  drain?(): void;
  /** Ends background work and gives resources back; calls under way are finished by then. */
  stop(): Promise<void>;
}
