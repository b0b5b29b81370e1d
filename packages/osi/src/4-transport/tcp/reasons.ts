/**
 * Why a segment was sent: each name with the sentence that explains it. `frame.reason` is always one of these.
 */
export const TCP_REASONS = {
  'tcp.syn': 'A program connects: the first segment of the handshake, with our initial sequence number.',
  'tcp.syn-data':
    'A program connects and has something to say already: the cookie that the server gave lets the SYN carry it (RFC 7413).',
  'tcp.syn-cookie-request':
    'A program wants its first bytes to go with the SYN: asks for the cookie that lets the next SYN do so (RFC 7413).',
  'tcp.syn-ack-early':
    'A SYN came with a good cookie: its data is acknowledged and handed to the program before the handshake is done (RFC 7413).',
  'tcp.syn-data-rejected':
    'The SYN was acknowledged, the data in it was not: sent again, as ordinary data (RFC 7413 section 4.2.1).',
  'tcp.syn-ack': 'A SYN came to a listening port: ours, with the acknowledgment of theirs.',
  'tcp.syn-cookie':
    'A SYN came while too many connections are half open, or always (net.ipv4.tcp_syncookies): answered and not remembered; our sequence number is a cookie that stands for it (RFC 4987 section 3.6).',
  'tcp.handshake-ack': 'The acknowledgment that completes the handshake.',
  'tcp.data': 'Bytes that a program wrote; window and congestion window had room for them.',
  'tcp.ack-second-segment':
    'More than one full segment has come since the last acknowledgment (RFC 9293 section 3.8.6.3).',
  'tcp.quick-ack': 'Acknowledged at once, since the peer is probably still in slow start (as Linux).',
  'tcp.congestion-echo':
    'A router marked a packet since its queue grows: tells the sender at once (RFC 3168 section 6.1.3).',
  'tcp.delayed-ack': 'Nothing else went out that could carry the acknowledgment before the timer expired.',
  'tcp.out-of-order-ack':
    'A segment came that leaves a gap: says again what is missing (RFC 5681 section 4.2).',
  'tcp.gap-filled-ack': 'A segment filled a gap: says so at once (RFC 5681 section 4.2).',
  'tcp.duplicate-ack': 'A segment came that was there already, or lies outside of the window.',
  'tcp.fin-ack': 'The peer has finished: acknowledges its FIN.',
  'tcp.read-ack': 'The program read what was waiting: acknowledged now rather than by the timer (as Linux).',
  'tcp.window-update':
    'The program read so much that the window opens noticeably (RFC 9293 section 3.8.6.2.2).',
  'tcp.window-full-ack': 'The data did not fit into the window: says again how much of it is open.',
  'tcp.fin': 'A program closed its side: no more bytes follow.',
  'tcp.rto': 'No acknowledgment before the retransmission timer expired: sent again (RFC 6298).',
  'tcp.loss-recovery': 'Sent again after a time-out, since what was sent then is taken as lost too.',
  'tcp.fast-retransmit':
    'Three duplicate acknowledgments say that it was lost: sent again (RFC 5681 section 3.2).',
  'tcp.rack-retransmit':
    'What was sent sufficiently later has arrived already, as SACK says: so it is lost, and sent again (RFC 8985).',
  'tcp.loss-probe':
    'No acknowledgment for two round trips: sends something that will be answered, in case that the end was lost (RFC 8985 section 7).',
  'tcp.partial-ack': 'In fast recovery an acknowledgment ended at the next loss: sent again (RFC 6582).',
  'tcp.limited-transmit': 'A first duplicate acknowledgment: new data instead of silence (RFC 3042).',
  'tcp.path-mtu': 'A router said that the packet was too large: sent again in smaller ones (RFC 1191).',
  'tcp.mtu-probe':
    'Larger than what is known to arrive: tries whether the path takes it (RFC 4821; net.ipv4.tcp_mtu_probing).',
  'tcp.zero-window-probe':
    'The window has long been closed: asks whether it still is (RFC 9293 section 3.8.6.1).',
  'tcp.held-back':
    'The program asked to wait for more (TCP_CORK, MSG_MORE), and it has not come: sent as it is (as Linux).',
  'tcp.keepalive':
    'The connection has long been idle: asks whether the peer is still there (RFC 9293 section 3.8.4).',
  'tcp.challenge-ack': 'A SYN or RST that could be forged: asks the peer whether it was meant (RFC 5961).',
  'tcp.time-wait-ack':
    'A late segment of a closed connection: acknowledged once more (RFC 9293 section 3.10.7.4).',
  'tcp.reset-no-socket': 'Nobody listens on that port, or the connection is not known (any more).',
  'tcp.reset-bad-ack': 'It acknowledges what was never sent (RFC 9293 section 3.10.7.3).',
  'tcp.reset-bad-syn':
    'A second SYN with another number came while the first was being answered: one of them is not meant (as Linux).',
  'tcp.reset-bad-cookie':
    'It acknowledges a SYN that is not remembered, and brings no cookie of the last two minutes (RFC 4987 section 3.6).',
  'tcp.reset-unread-data':
    'The program closed without reading everything: the peer must know that bytes were lost (RFC 2525 section 2.17).',
  'tcp.reset-after-close': 'Data came for a program that has closed already (RFC 1122 section 4.2.2.13).',
  'tcp.reset-abort': 'The program gave the connection up (SO_LINGER with 0 seconds, or abort).',
  'tcp.reset-fin-wait':
    'The program has closed, and does not wait for the peer to finish, too (TCP_LINGER2 below 0).',
  'tcp.reset-orphan':
    'Too many connections have no program any more (net.ipv4.tcp_max_orphans): this one is given up.',
  'tcp.reset-listener-closed': 'The program closed the listening socket before it accepted this connection.',
  'tcp.reset-backlog': 'The queue of connections to accept is full (net.ipv4.tcp_abort_on_overflow).',
  'tcp.reset-keepalive': 'The peer has answered none of the keepalive probes.',
} as const;

export type TcpReason = keyof typeof TCP_REASONS;

/** Why a segment that came was not used: the `reason` of its `frame-dropped` event. */
export const TCP_DROPS = {
  'tcp.malformed': 'The header is shorter than 20 bytes or longer than the segment.',
  'tcp.checksum': 'The checksum is wrong: bits were damaged on the way.',
  'tcp.broadcast': 'TCP talks to one peer; this was sent to many.',
  'tcp.no-socket': 'Nobody listens on that port, or the connection is not known.',
  'tcp.bad-ack': 'It acknowledges what was never sent.',
  'tcp.bad-cookie': 'It should bring a SYN cookie back, but that is forged or too old.',
  'tcp.old-ack': 'It acknowledges what was acknowledged long ago (RFC 5961 section 5.2).',
  'tcp.no-ack': 'In a connection each segment carries an acknowledgment; this one does not.',
  'tcp.paws': 'Its timestamp is older than the last one: an old duplicate (RFC 7323 section 5).',
  'tcp.outside-window': 'All of it lies outside of the window: an old duplicate, or too early.',
  'tcp.duplicate': 'All of its data is there already.',
  'tcp.beyond-window': 'It ends beyond the window, and what came before it has not been read yet.',
  'tcp.zero-window': 'No room is left for its data.',
  'tcp.out-of-order-full': 'Too many small pieces wait for the gap before them to be filled.',
  'tcp.reset': 'A valid RST: it ended the connection.',
  'tcp.challenged': 'A SYN or RST that could be forged; the answer was a challenge (RFC 5961).',
  'tcp.syn-queue-full': 'Too many half-open connections wait at the listener.',
  'tcp.deferred':
    'It completes the handshake, but without data, for which the listener waits (TCP_DEFER_ACCEPT).',
  'tcp.backlog-full': 'Too many connections wait to be accepted.',
  'tcp.bad-syn': 'While a SYN was being answered another one came, with another number.',
  'tcp.not-syn': 'What came to a listener was no SYN.',
  'tcp.after-close': 'Data came for a program that has closed already.',
  'tcp.time-wait': 'A late segment of a closed connection.',
} as const;

export type TcpDrop = keyof typeof TCP_DROPS;
