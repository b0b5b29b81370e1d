import type { Text } from './text.ts';

/** Why a frame, or what was in it, went no further, by the `reason` of its `frame-dropped` event. */
export const DROPS: Readonly<Record<string, Text>> = {
  // layer 1
  'cable.loss': { en: 'lost on the cable', ko: '케이블에서 사라졌다' },
  'cable.queue-full': {
    en: 'dropped: too many frames wait for the cable',
    ko: '케이블을 기다리는 프레임이 너무 많아 버렸다',
  },
  'cable.unplugged': { en: 'lost: the cable was pulled out', ko: '케이블이 뽑혀서 사라졌다' },
  'port.no-carrier': { en: 'dropped: no cable is plugged in', ko: '케이블이 꽂혀 있지 않아 버렸다' },
  'port.no-owner': { en: 'dropped: nothing is behind that port', ko: '그 포트 뒤에 아무것도 없어 버렸다' },
  'port.disabled': { en: 'dropped: the port is switched off', ko: '포트가 꺼져 있어 버렸다' },
  'port.fcs': {
    en: 'dropped: the frame check sequence is wrong, bits were damaged',
    ko: '프레임 검사 값이 맞지 않아 버렸다: 비트가 손상되었다',
  },

  // layer 2
  'ethernet.not-for-us': {
    en: 'ignored: it is for another MAC address',
    ko: '다른 MAC 주소로 가는 것이라 무시했다',
  },
  'ethernet.down': { en: 'dropped: the interface is down', ko: '인터페이스가 꺼져 있어 버렸다' },
  'ethernet.truncated': { en: 'dropped: shorter than an Ethernet header', ko: '이더넷 헤더보다 짧아 버렸다' },
  'ethernet.length-field': {
    en: 'dropped: IEEE 802.3 framing with a length instead of a type',
    ko: '종류 대신 길이를 쓰는 IEEE 802.3 형식이라 버렸다',
  },
  'ethernet.unknown-type': {
    en: 'dropped: nobody reads that EtherType',
    ko: '그 EtherType을 읽는 것이 없어 버렸다',
  },
  'switch.reserved-address': {
    en: 'dropped: a switch does not pass on frames for bridges',
    ko: '스위치끼리의 주소라 넘기지 않고 버렸다',
  },
  'switch.same-port': {
    en: 'dropped by the switch: the destination is where it came from',
    ko: '목적지가 들어온 포트 쪽이라 스위치가 버렸다',
  },
  'switch.source-address': {
    en: 'dropped by the switch: a group address cannot be a source',
    ko: '그룹 주소는 출발지가 될 수 없어 스위치가 버렸다',
  },
  'arp.queue-full': {
    en: 'dropped: too many packets wait for the MAC address',
    ko: 'MAC 주소를 기다리는 패킷이 너무 많아 버렸다',
  },
  'arp.table-full': { en: 'dropped: the ARP table is full', ko: 'ARP 표가 가득 차서 버렸다' },
  'arp.truncated': { en: 'dropped: the ARP message is too short', ko: 'ARP 메시지가 너무 짧아 버렸다' },
  'arp.hardware-type': { en: 'dropped: not ARP for Ethernet', ko: '이더넷용 ARP가 아니라 버렸다' },
  'arp.protocol-type': { en: 'dropped: not ARP for IPv4', ko: 'IPv4용 ARP가 아니라 버렸다' },
  'arp.operation': {
    en: 'dropped: neither an ARP request nor a reply',
    ko: 'ARP 요청도 대답도 아니라 버렸다',
  },
  'arp.flushed': {
    en: 'dropped: the ARP entry it waited for was removed',
    ko: '기다리던 ARP 항목이 지워져 버렸다',
  },

  // layer 4
  'tcp.malformed': { en: 'dropped: the TCP header is malformed', ko: 'TCP 헤더가 잘못되어 버렸다' },
  'tcp.checksum': { en: 'dropped: the TCP checksum is wrong', ko: 'TCP 체크섬이 맞지 않아 버렸다' },
  'tcp.broadcast': { en: 'dropped: TCP talks to one peer only', ko: 'TCP는 한 상대와만 이야기하므로 버렸다' },
  'tcp.no-socket': {
    en: 'not taken: no program listens on that port',
    ko: '그 포트에서 기다리는 프로그램이 없다',
  },
  'tcp.bad-ack': {
    en: 'not taken: it acknowledges what was never sent',
    ko: '보낸 적 없는 것을 확인 응답했다',
  },
  'tcp.old-ack': {
    en: 'not taken: it acknowledges what was acknowledged long ago',
    ko: '오래전에 확인 응답된 것을 확인 응답했다',
  },
  'tcp.no-ack': { en: 'not taken: it carries no acknowledgment', ko: '확인 응답이 들어 있지 않다' },
  'tcp.paws': { en: 'not taken: its timestamp is too old', ko: '타임스탬프가 너무 오래되었다' },
  'tcp.outside-window': { en: 'not taken: outside of the receive window', ko: '수신 윈도우를 벗어났다' },
  'tcp.duplicate': { en: 'not taken: it was there already', ko: '이미 받은 것이다' },
  'tcp.zero-window': { en: 'not taken: no room is left', ko: '받을 자리가 없다' },
  'tcp.out-of-order-full': {
    en: 'not taken: too many pieces wait for a gap to be filled',
    ko: '빈 곳이 채워지기를 기다리는 조각이 너무 많다',
  },
  'tcp.reset': { en: 'the RST ended the connection', ko: 'RST가 연결을 끝냈다' },
  'tcp.challenged': {
    en: 'not believed: the peer is asked whether it was meant',
    ko: '진짜인지 상대에게 되묻는다',
  },
  'tcp.syn-queue-full': {
    en: 'not taken: too many half-open connections',
    ko: '맺어지다 만 연결이 너무 많다',
  },
  'tcp.backlog-full': {
    en: 'not taken: too many connections wait to be accepted',
    ko: '받아들여지기를 기다리는 연결이 너무 많다',
  },
  'tcp.not-syn': { en: 'not taken: a listener expects a SYN', ko: '기다리는 소켓에는 SYN이 와야 한다' },
  'tcp.after-close': { en: 'not taken: the program has closed', ko: '프로그램이 이미 닫았다' },
  'tcp.time-wait': { en: 'not taken: the connection has ended', ko: '연결이 이미 끝났다' },
  'udp.buffer-full': { en: "dropped: the socket's buffer is full", ko: '소켓의 버퍼가 가득 차서 버렸다' },
  'udp.checksum': { en: 'dropped: the UDP checksum is wrong', ko: 'UDP 체크섬이 맞지 않아 버렸다' },
};
