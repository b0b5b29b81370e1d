import type { Text } from './text.ts';

/** Why a frame was sent, by the `reason` of its `frame-sent` event: what it is for, in a few words. */
export const REASONS: Readonly<Record<string, Text>> = {
  'tap.kernel': {
    en: 'a real kernel sent it: why, only that computer knows',
    ko: '실제 커널이 보냈다: 까닭은 그 컴퓨터만 안다',
  },

  // layer 2
  'arp.request': { en: 'asks for the MAC address of the next hop', ko: '다음 홉의 MAC 주소를 묻는다' },
  'arp.reply': { en: 'answers with its own MAC address', ko: '자신의 MAC 주소로 대답한다' },
  'arp.reachability-probe': {
    en: 'asks whether a known neighbour is still there',
    ko: '알고 있던 이웃이 아직 있는지 묻는다',
  },
  'arp.probe': { en: 'asks whether its new address is in use', ko: '새 주소를 이미 누가 쓰는지 묻는다' },
  'arp.announcement': { en: 'announces its address', ko: '자신의 주소를 알린다' },
  'switch.forward': {
    en: 'the switch knows the port of that MAC address',
    ko: '스위치가 그 MAC 주소의 포트를 안다',
  },
  'switch.flood': {
    en: 'the switch sends it out of every port: broadcast, or a MAC address not learned yet',
    ko: '스위치가 모든 포트로 보낸다: 브로드캐스트이거나 아직 배우지 못한 MAC 주소',
  },
  'hub.repeat': { en: 'a hub repeats everything to everyone', ko: '허브는 모든 것을 모두에게 되풀이한다' },

  'stp.proposal': {
    en: 'a switch proposes to speak for this link at once',
    ko: '스위치가 이 링크를 바로 맡겠다고 제안한다',
  },
  'stp.agreement': {
    en: 'agrees: this way leads to the root, and all others here are safe',
    ko: '동의한다: 이 길이 루트로 가고 다른 길은 모두 안전하다',
  },
  'stp.topology-change': {
    en: 'tells that the tree has changed: forget what was learned',
    ko: '트리가 바뀌었으니 배운 주소를 잊으라고 알린다',
  },
  'stp.information': {
    en: 'tells what the switch knows of the root of the tree',
    ko: '스위치가 아는 트리의 루트를 알린다',
  },
  'stp.hello': {
    en: 'the hello of every 2 s: the tree still stands',
    ko: '2초마다 트리가 그대로임을 알린다',
  },

  // layer 3
  'ip.forward': { en: 'the router passes the packet on', ko: '라우터가 패킷을 다음으로 넘긴다' },
  'raw.data': { en: 'a program sends it by a raw socket', ko: '프로그램이 로우 소켓으로 보낸다' },
  'packet.data': { en: 'a program sends this very frame', ko: '프로그램이 바로 이 프레임을 보낸다' },
  'igmp.change': {
    en: 'tells routers which groups this machine is in from now on',
    ko: '이제부터 어떤 그룹에 들어 있는지 라우터에 알린다',
  },
  'igmp.report': {
    en: 'tells routers which groups this machine is in',
    ko: '이 컴퓨터가 어떤 그룹에 들어 있는지 라우터에 알린다',
  },
  'igmp.leave': { en: 'tells routers that a group is left', ko: '그룹에서 나간다고 라우터에 알린다' },
  'ndisc.solicitation': {
    en: 'asks for the MAC address of the next hop (IPv6)',
    ko: '다음 홉의 MAC 주소를 묻는다 (IPv6)',
  },
  'ndisc.reachability-probe': {
    en: 'asks whether a known neighbour is still there (IPv6)',
    ko: '알고 있던 이웃이 아직 있는지 묻는다 (IPv6)',
  },
  'ndisc.advertisement': {
    en: 'answers with its own MAC address (IPv6)',
    ko: '자신의 MAC 주소로 대답한다 (IPv6)',
  },
  'ndisc.duplicate-check': {
    en: 'asks whether its new IPv6 address is in use',
    ko: '새 IPv6 주소를 이미 누가 쓰는지 묻는다',
  },
  'ndisc.router-advertisement': {
    en: 'tells hosts that here is a router, and the prefixes of the link',
    ko: '여기 라우터가 있음과 이 링크의 프리픽스를 알린다',
  },
  'ndisc.router-leaves': {
    en: 'tells hosts to look for another router',
    ko: '다른 라우터를 찾으라고 알린다',
  },
  'ndisc.router-solicitation': { en: 'asks whether there is a router', ko: '라우터가 있는지 묻는다' },
  'ndisc.redirect': {
    en: 'tells the sender of a better way: another router on its link, or the destination itself',
    ko: '더 나은 길을 알린다: 같은 링크의 다른 라우터 또는 목적지 자신',
  },
  'mld.change': {
    en: 'tells routers and switches which groups it listens to from now on',
    ko: '이제부터 어느 그룹을 듣는지 라우터와 스위치에 알린다',
  },
  'mld.report': {
    en: 'answers a router: these are the groups it listens to',
    ko: '듣고 있는 그룹을 라우터에 대답한다',
  },
  'mld.leave': { en: 'tells that it no longer listens to a group', ko: '그룹을 더는 듣지 않음을 알린다' },
  'icmpv6.beyond-scope': {
    en: 'reports that a link-local address reaches no further than its link',
    ko: '링크 로컬 주소로는 링크 밖에 이를 수 없음을 알린다',
  },
  'icmp.network-unreachable': {
    en: 'reports that no route leads there',
    ko: '그곳으로 가는 경로가 없음을 알린다',
  },
  'icmp.host-unreachable': {
    en: 'reports that the machine does not answer',
    ko: '그 컴퓨터가 대답하지 않음을 알린다',
  },
  'icmp.protocol-unreachable': {
    en: 'reports that nobody reads that protocol',
    ko: '그 프로토콜을 읽는 것이 없음을 알린다',
  },
  'icmp.port-unreachable': {
    en: 'reports that no program has that UDP port',
    ko: '그 UDP 포트를 쓰는 프로그램이 없음을 알린다',
  },
  'icmp.fragmentation-needed': {
    en: 'reports that the packet is too large for the next link',
    ko: '다음 링크에 비해 패킷이 너무 큼을 알린다',
  },
  'icmp.source-route-failed': {
    en: 'reports that the next station of its route is not on this link',
    ko: '정해진 경로의 다음 역이 이 링크에 없음을 알린다',
  },
  'icmp.unreachable': {
    en: 'reports that the packet could not be delivered',
    ko: '패킷을 전달하지 못했음을 알린다',
  },
  'icmp.time-exceeded': {
    en: 'reports that the TTL ran out',
    ko: 'TTL이 다했음을 알린다',
  },
  'icmp.reassembly-timeout': {
    en: 'reports that fragments of a packet did not come in time',
    ko: '패킷의 조각이 제때 다 오지 않았음을 알린다',
  },
  'icmp.parameter-problem': { en: 'reports a header that makes no sense', ko: '헤더가 잘못되었음을 알린다' },
  'icmp.redirect': {
    en: 'tells the sender of a better way: another router on its own link',
    ko: '더 나은 길을 알린다: 보낸 쪽 링크에 있는 다른 라우터',
  },
  'icmp.echo-request': { en: 'ping asks for an answer', ko: 'ping이 대답을 청한다' },
  'icmp.echo-reply': { en: 'answers a ping', ko: 'ping에 대답한다' },
  'icmp.timestamp-reply': { en: 'tells the time of day to who asked', ko: '묻는 쪽에 시각을 알린다' },

  // layer 4
  'udp.data': { en: 'a datagram that a program sent', ko: '프로그램이 보낸 데이터그램' },
  'tcp.syn': {
    en: 'opens a connection: first step of the handshake',
    ko: '연결을 연다: 핸드셰이크의 첫 단계',
  },
  'tcp.syn-ack': {
    en: 'a program listens on that port: second step of the handshake',
    ko: '그 포트에서 프로그램이 기다린다: 핸드셰이크의 둘째 단계',
  },
  'tcp.syn-data': {
    en: 'opens a connection and carries data, by a cookie of the server (TCP Fast Open)',
    ko: '연결을 열면서 서버가 준 쿠키로 데이터까지 싣는다 (TCP Fast Open)',
  },
  'tcp.syn-cookie-request': {
    en: 'opens a connection, asks for a cookie that lets the next SYN carry data (Fast Open)',
    ko: '연결을 열면서 다음 SYN에 데이터를 실을 수 있게 쿠키를 청한다 (TCP Fast Open)',
  },
  'tcp.syn-ack-early': {
    en: 'the cookie in the SYN is good: its data goes to the program at once (TCP Fast Open)',
    ko: 'SYN의 쿠키가 맞다: 그 데이터를 바로 프로그램에 준다 (TCP Fast Open)',
  },
  'tcp.syn-data-rejected': {
    en: 'the server took the SYN but not the data in it: sends that again as usual',
    ko: '서버가 SYN은 받고 그 데이터는 받지 않았다: 데이터를 보통 방식으로 다시 보낸다',
  },
  'tcp.syn-cookie': {
    en: 'too many half-open connections: a cookie in the answer stands for this one (SYN cookie)',
    ko: '맺어지다 만 연결이 너무 많다: 기억하는 대신 쿠키를 실어 대답한다 (SYN 쿠키)',
  },
  'tcp.handshake-ack': {
    en: 'completes the handshake: the connection stands',
    ko: '핸드셰이크를 마친다: 연결이 맺어졌다',
  },
  'tcp.data': { en: 'carries bytes that a program wrote', ko: '프로그램이 쓴 바이트를 나른다' },
  'tcp.ack-second-segment': {
    en: 'acknowledges after more than one full segment',
    ko: '가득 찬 세그먼트를 하나 넘게 받아서 확인 응답한다',
  },
  'tcp.quick-ack': {
    en: 'acknowledges at once: early in a connection, after a pause or a loss',
    ko: '바로 확인 응답한다: 연결 초기이거나 쉼이나 손실 뒤이다',
  },
  'tcp.congestion-echo': {
    en: 'acknowledges at once: a router marked a packet as delayed by congestion (ECN)',
    ko: '바로 확인 응답한다: 라우터가 혼잡을 표시한 패킷이 왔다(ECN)',
  },
  'tcp.delayed-ack': {
    en: 'acknowledges: no data to send came up meanwhile',
    ko: '그동안 함께 보낼 데이터가 없어서 확인 응답만 보낸다',
  },
  'tcp.out-of-order-ack': {
    en: 'says what is missing: there is a gap',
    ko: '빠진 부분이 있어 그것을 알린다',
  },
  'tcp.gap-filled-ack': {
    en: 'acknowledges at once: a gap was filled',
    ko: '빠진 부분이 채워져 바로 확인 응답한다',
  },
  'tcp.duplicate-ack': {
    en: 'acknowledges again what it has already',
    ko: '이미 받은 것을 다시 확인 응답한다',
  },
  'tcp.fin-ack': { en: "acknowledges the other side's end", ko: '상대의 종료(FIN)를 확인 응답한다' },
  'tcp.read-ack': {
    en: 'acknowledges: the program has read the data',
    ko: '프로그램이 데이터를 읽어서 확인 응답한다',
  },
  'tcp.window-update': {
    en: 'tells of more room: the program has read',
    ko: '프로그램이 읽어서 받을 자리가 늘었음을 알린다',
  },
  'tcp.window-full-ack': {
    en: 'tells how much room is left: the data did not fit',
    ko: '데이터가 다 들어가지 않아 남은 자리를 알린다',
  },
  'tcp.fin': {
    en: 'closes this direction: no more bytes follow',
    ko: '이 방향을 닫는다: 더 보낼 바이트가 없다',
  },
  'tcp.rto': {
    en: 'sends again: no acknowledgment before the time-out',
    ko: '제시간에 확인 응답이 없어서 다시 보낸다',
  },
  'tcp.loss-recovery': {
    en: 'sends again what was probably lost before the time-out as well',
    ko: '시간 초과 때 함께 잃은 것으로 보고 다시 보낸다',
  },
  'tcp.fast-retransmit': {
    en: 'sends again: three duplicate acknowledgments tell of a loss',
    ko: '중복 확인 응답 셋이 손실을 알려서 다시 보낸다',
  },
  'tcp.rack-retransmit': {
    en: 'sends again: what was sent later has arrived already (SACK)',
    ko: '나중에 보낸 것이 먼저 도착해서 (SACK) 잃은 것으로 보고 다시 보낸다',
  },
  'tcp.loss-probe': {
    en: 'two round trips without an answer: the last segments may be lost',
    ko: '왕복 시간 두 번 동안 대답이 없다: 마지막 세그먼트를 잃었을 수 있다',
  },
  'tcp.partial-ack': {
    en: 'sends again: the acknowledgment ended at the next loss',
    ko: '확인 응답이 다음 손실에서 멈춰서 다시 보낸다',
  },
  'tcp.limited-transmit': {
    en: 'sends new data on a first duplicate acknowledgment',
    ko: '첫 중복 확인 응답에 새 데이터를 보낸다',
  },
  'tcp.path-mtu': {
    en: 'sends again in smaller pieces: a router could not pass the large one',
    ko: '라우터가 큰 패킷을 넘기지 못해 더 작게 다시 보낸다',
  },
  'tcp.mtu-probe': {
    en: 'tries whether the path takes a larger packet',
    ko: '경로가 더 큰 패킷을 받아들이는지 시험한다',
  },
  'tcp.held-back': {
    en: 'sends what waited for more, which has not come (TCP_CORK, MSG_MORE)',
    ko: '더 기다리던 데이터가 오지 않아 그대로 보낸다 (TCP_CORK, MSG_MORE)',
  },
  'tcp.zero-window-probe': {
    en: 'asks whether the closed window has opened',
    ko: '닫힌 윈도우가 열렸는지 묻는다',
  },
  'tcp.keepalive': {
    en: 'asks whether the idle peer is still there',
    ko: '조용한 상대가 아직 있는지 묻는다',
  },
  'tcp.challenge-ack': {
    en: 'asks the peer whether a doubtful SYN or RST was meant',
    ko: '의심스러운 SYN이나 RST가 진짜인지 상대에게 묻는다',
  },
  'tcp.time-wait-ack': {
    en: 'acknowledges once more for a connection that has ended',
    ko: '끝난 연결에 한 번 더 확인 응답한다',
  },
  'tcp.reset-no-socket': {
    en: 'refuses: that port has no listening program and no such connection',
    ko: '거절한다: 그 포트에는 기다리는 프로그램도 이런 연결도 없다',
  },
  'tcp.reset-bad-syn': {
    en: 'resets: a second SYN came, with another number',
    ko: '번호가 다른 SYN이 또 왔다: 연결을 끊는다',
  },
  'tcp.reset-bad-ack': {
    en: 'resets: what never was sent was acknowledged',
    ko: '보낸 적 없는 것을 확인 응답받아 연결을 끊는다',
  },
  'tcp.reset-bad-cookie': {
    en: 'resets: no such connection, and no good SYN cookie came back',
    ko: '그런 연결도 없고 돌아온 SYN 쿠키도 맞지 않아 끊는다',
  },
  'tcp.reset-unread-data': {
    en: 'resets: the program closed without reading everything',
    ko: '프로그램이 다 읽지 않고 닫아서 연결을 끊는다',
  },
  'tcp.reset-after-close': {
    en: 'resets: data came for a program that has closed',
    ko: '이미 닫은 프로그램에 데이터가 와서 연결을 끊는다',
  },
  'tcp.reset-abort': { en: 'resets: the program gave the connection up', ko: '프로그램이 연결을 포기했다' },
  'tcp.reset-fin-wait': {
    en: 'resets: the program has closed and waits for nothing more (TCP_LINGER2)',
    ko: '프로그램이 닫았고 상대가 끝내기를 기다리지 않는다(TCP_LINGER2)',
  },
  'tcp.reset-orphan': {
    en: 'resets: too many connections have no program any more (tcp_max_orphans)',
    ko: '프로그램이 떠난 연결이 너무 많아 끊는다(tcp_max_orphans)',
  },
  'tcp.reset-listener-closed': {
    en: 'resets: the listening socket closed before this connection was accepted',
    ko: '이 연결을 받아들이기 전에 기다리던 소켓이 닫혔다',
  },
  'tcp.reset-backlog': {
    en: 'resets: too many connections wait to be accepted',
    ko: '받아들여지기를 기다리는 연결이 너무 많다',
  },
  'tcp.reset-keepalive': {
    en: 'resets: no keepalive probe was answered',
    ko: '킵얼라이브에 아무 대답이 없었다',
  },
};
