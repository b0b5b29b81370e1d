import { RecoveryState } from './recovery-state.ts';
import type { Tcb } from './tcb.ts';

/** What the connection remembers of trouble, made when it is first needed. */
export const recoveryOf = (tcb: Tcb): RecoveryState =>
  (tcb.recovery ??= new RecoveryState(tcb.host.sysctl.values['net.ipv4.tcp_reordering']));

/** Duplicates that show a loss: RFC 5681's three, or more where the path was seen to reorder. */
export const reorderingOf = (tcb: Tcb): number =>
  tcb.recovery?.reordering ?? tcb.host.sysctl.values['net.ipv4.tcp_reordering'];
