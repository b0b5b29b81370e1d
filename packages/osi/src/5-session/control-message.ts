/** A control message that a program sends along (cmsg(3)). */
export interface ControlMessage {
  readonly level: number;
  readonly type: number;
  readonly data: Uint8Array;
}
