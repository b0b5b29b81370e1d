import { type ErrnoName, errnoName } from '../trace/index.ts';

/** Where it happened, for those calls that name an address. */
export interface ErrorPlace {
  readonly address?: string;
  readonly port?: number;
}

/**
 * A call of the socket interface that failed, in the shape of Node's errors: `connect ECONNREFUSED 10.0.0.1:9000`.
 */
export class SystemError extends Error {
  override readonly name = 'SystemError';
  /** `ECONNREFUSED` */
  readonly code: ErrnoName | `E${number}`;
  /** Negated, as Node has it: -111. */
  readonly errno: number;
  /** `connect` */
  readonly syscall: string;
  readonly address?: string;
  readonly port?: number;

  /** @param errno Linux's number, negated or not. */
  constructor(syscall: string, errno: number, place: ErrorPlace = {}) {
    const code = errnoName(Math.abs(errno)) as ErrnoName;
    const where =
      place.address === undefined
        ? ''
        : ` ${place.address}${place.port === undefined ? '' : `:${place.port}`}`;
    super(`${syscall} ${code}${where}`);
    this.code = code;
    this.errno = -Math.abs(errno);
    this.syscall = syscall;
    if (place.address !== undefined) this.address = place.address;
    if (place.port !== undefined) this.port = place.port;
  }
}
