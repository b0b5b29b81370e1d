import { DROPS6 } from './drops6.ts';
import type { Text } from './text.ts';

/** Why a frame, or what was in it, went no further, by the `reason` of its `frame-dropped` event. */
export const DROPS: Readonly<Record<string, Text>> = {
  ...DROPS6,
  // layer 1
  'cable.loss': { en: 'lost on the cable', ko: '케이블에서 사라졌다' },
  'cable.queue-full': {
    en: 'dropped: too many frames wait for the cable',
    ko: '케이블을 기다리는 프레임이 너무 많아 버렸다',
  },
  'queue.codel': {
    en: 'dropped by the queue: frames have waited too long for too long',
    ko: '프레임들이 너무 오래 기다리고 있어 큐가 버렸다',
  },
  'queue.larger-than-burst': {
    en: 'dropped by the queue: larger than the token bucket',
    ko: '토큰 버킷보다 커서 큐가 버렸다',
  },
  'queue.netem-loss': {
    en: 'dropped by the emulated network behind the port',
    ko: '포트 뒤의 모의 네트워크가 버렸다',
  },
  'cable.unplugged': { en: 'lost: the cable was pulled out', ko: '케이블이 뽑혀서 사라졌다' },
  'port.no-carrier': { en: 'dropped: no cable is plugged in', ko: '케이블이 꽂혀 있지 않아 버렸다' },
  'port.no-owner': { en: 'dropped: nothing is behind that port', ko: '그 포트 뒤에 아무것도 없어 버렸다' },
  'port.disabled': { en: 'dropped: the port is switched off', ko: '포트가 꺼져 있어 버렸다' },
  'port.fcs': {
    en: 'dropped: the frame check sequence is wrong, bits were damaged',
    ko: '프레임 검사 값이 맞지 않아 버렸다: 비트가 손상되었다',
  },
  'tap.down': {
    en: "dropped: the real kernel's interface is down",
    ko: '실제 커널의 인터페이스가 꺼져 있어 버렸다',
  },
  'tap.unknown-offload': {
    en: 'dropped: a real kernel left work to us that is not known here',
    ko: '실제 커널이 우리가 모르는 일을 맡겨서 버렸다',
  },
  'tap.refused': { en: 'dropped: the real kernel did not take it', ko: '실제 커널이 받지 않아 버렸다' },

  'port.collision': {
    en: 'dropped: it met another signal on the shared line',
    ko: '공유 회선에서 다른 신호와 부딪혀 버렸다',
  },
  'port.excessive-collisions': {
    en: 'given up: it collided 16 times on the shared line',
    ko: '공유 회선에서 16번 충돌하여 포기했다',
  },
  'port.late-collision': {
    en: 'given up: it collided late, the shared line is too long',
    ko: '늦게 충돌하여 포기했다: 공유 회선이 너무 길다',
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
  'switch.discarding': {
    en: 'dropped: the spanning tree has blocked this port',
    ko: '스패닝 트리가 막아 둔 포트라 버렸다',
  },
  'switch.learning': {
    en: 'dropped: the port learns addresses and does not forward yet',
    ko: '포트가 아직 주소를 배우는 중이라 넘기지 않고 버렸다',
  },
  'switch.storm': {
    en: 'dropped: a broadcast storm, frames go round in a loop of switches',
    ko: '브로드캐스트 폭풍이라 버렸다: 프레임이 스위치 고리를 맴돈다',
  },
  'stp.malformed': { en: 'dropped: not a valid BPDU', ko: '올바른 BPDU가 아니라 버렸다' },
  'vlan.tagged-on-access': {
    en: 'dropped by the switch: an access port takes no frames with a VLAN tag',
    ko: '액세스 포트는 VLAN 태그가 붙은 프레임을 받지 않아 스위치가 버렸다',
  },
  'vlan.untagged-on-trunk': {
    en: 'dropped by the switch: no VLAN tag, and the trunk has no native VLAN',
    ko: 'VLAN 태그가 없고 트렁크에 네이티브 VLAN도 없어 스위치가 버렸다',
  },
  'vlan.not-allowed': {
    en: 'dropped by the switch: the trunk does not carry that VLAN',
    ko: '그 트렁크로는 지나갈 수 없는 VLAN이라 스위치가 버렸다',
  },
  'vlan.no-interface': {
    en: 'dropped: no interface here is in that VLAN',
    ko: '그 VLAN에 속한 인터페이스가 없어 버렸다',
  },
  'ip.fragment-length': {
    en: 'dropped: a fragment that is not the last has an odd length',
    ko: '마지막이 아닌 조각의 길이가 8의 배수가 아니라 버렸다',
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

  'arp.martian-source': {
    en: 'not answered: that address cannot ask from here',
    ko: '여기서 물을 수 없는 주소라 대답하지 않았다',
  },
  'arp.unresolved': {
    en: 'dropped: nobody answered for that IP address',
    ko: '그 IP 주소에 아무도 대답하지 않아 버렸다',
  },
  'arp.address-conflict': {
    en: 'another station uses our IP address',
    ko: '다른 장치가 우리 IP 주소를 쓰고 있다',
  },

  // layer 3
  'ip.truncated': { en: 'dropped: shorter than an IP header', ko: 'IP 헤더보다 짧아 버렸다' },
  'ip.version': { en: 'dropped: not IP version 4', ko: 'IP 버전 4가 아니라 버렸다' },
  'ip.header-length': {
    en: 'dropped: the IP header length is impossible',
    ko: 'IP 헤더 길이가 잘못되어 버렸다',
  },
  'ip.total-length': {
    en: 'dropped: the IP total length is impossible',
    ko: 'IP 전체 길이가 잘못되어 버렸다',
  },
  'ip.checksum': { en: 'dropped: the IP header checksum is wrong', ko: 'IP 헤더 체크섬이 맞지 않아 버렸다' },
  'ip.options': { en: 'dropped: IP options that make no sense', ko: 'IP 옵션이 잘못되어 버렸다' },
  'ip.source-route': {
    en: 'dropped: it asks to be sent on by a route of its own',
    ko: '스스로 정한 경로로 보내 달라고 하여 버렸다',
  },
  'ip.source-route-failed': {
    en: 'dropped: the next station of its strict route is not on this link',
    ko: '엄격한 경로의 다음 역이 이 링크에 없어 버렸다',
  },
  'ip.no-route': { en: 'dropped: no route leads there', ko: '그곳으로 가는 경로가 없어 버렸다' },
  'ip.not-for-us': {
    en: 'dropped: for another IP address, and this machine is no router',
    ko: '다른 IP 주소로 가는데 라우터가 아니라 버렸다',
  },
  'ip.multicast-not-joined': {
    en: 'ignored: a group this machine has not joined',
    ko: '가입하지 않은 그룹이라 무시했다',
  },
  'ip.protocol': { en: 'dropped: nobody reads that protocol', ko: '그 프로토콜을 읽는 것이 없어 버렸다' },
  'ip.ttl': { en: 'dropped by the router: the TTL ran out', ko: 'TTL이 다해 라우터가 버렸다' },
  'ip.fragmentation-needed': {
    en: 'dropped by the router: too large, and it must not be cut (DF)',
    ko: '너무 큰데 나눌 수 없어(DF) 라우터가 버렸다',
  },
  'ip.message-size': {
    en: 'not sent: too large, and it must not be cut (DF)',
    ko: '너무 큰데 나눌 수 없어(DF) 보내지 않았다',
  },
  'ip.martian-source': {
    en: 'dropped: that source address cannot be',
    ko: '있을 수 없는 출발지 주소라 버렸다',
  },
  'ip.reverse-path': {
    en: 'dropped: an answer would not go back the way that it came (rp_filter)',
    ko: '답이 온 길로 되돌아가지 않아 버렸다 (rp_filter)',
  },
  'ip.martian-destination': {
    en: 'dropped: that destination address cannot be',
    ko: '있을 수 없는 목적지 주소라 버렸다',
  },
  'ip.reassembly-memory': { en: 'dropped: too many fragments wait', ko: '기다리는 조각이 너무 많아 버렸다' },
  'ip.reassembly-timeout': {
    en: 'dropped: the other fragments did not come in time',
    ko: '나머지 조각이 제때 오지 않아 버렸다',
  },
  'ip.fragment-duplicate': {
    en: 'dropped: this fragment was there already',
    ko: '이미 받은 조각이라 버렸다',
  },
  'ip.fragment-oversize': {
    en: 'dropped: together larger than an IP packet can be',
    ko: '합치면 IP 패킷보다 커져 버렸다',
  },
  'ip.fragment-beyond-end': {
    en: 'dropped: a fragment behind the last one',
    ko: '마지막 조각 뒤의 조각이라 버렸다',
  },
  'ip.fragment-empty': { en: 'dropped: a fragment without content', ko: '내용이 없는 조각이라 버렸다' },
  'ip.fragment-ecn': {
    en: 'dropped: some fragments are ECN-capable and others not',
    ko: 'ECN을 쓰는 조각과 쓰지 않는 조각이 섞여 버렸다',
  },
  'ip.fragment-overlap': { en: 'dropped: fragments that overlap', ko: '서로 겹치는 조각이라 버렸다' },
  'igmp.truncated': { en: 'dropped: the IGMP message is too short', ko: 'IGMP 메시지가 너무 짧아 버렸다' },
  'igmp.checksum': { en: 'dropped: the IGMP checksum is wrong', ko: 'IGMP 체크섬이 맞지 않아 버렸다' },
  'igmp.malformed': {
    en: 'dropped: a general IGMP query cannot name sources',
    ko: 'IGMP 일반 질의에는 출발지가 있을 수 없어 버렸다',
  },
  'icmp.truncated': { en: 'dropped: the ICMP message is too short', ko: 'ICMP 메시지가 너무 짧아 버렸다' },
  'icmp.checksum': { en: 'dropped: the ICMP checksum is wrong', ko: 'ICMP 체크섬이 맞지 않아 버렸다' },
  'icmp.type': { en: 'ignored: an ICMP type this machine does not know', ko: '모르는 ICMP 종류라 무시했다' },
  'icmp.code': { en: 'ignored: an ICMP code this machine does not know', ko: '모르는 ICMP 코드라 무시했다' },
  'icmp.quote': {
    en: 'ignored: the packet it reports is not recognizable',
    ko: '보고된 패킷을 알아볼 수 없어 무시했다',
  },
  'icmp.not-ours': {
    en: 'ignored: it reports a packet this machine did not send',
    ko: '보낸 적 없는 패킷에 대한 보고라 무시했다',
  },
  'icmp.no-listener': {
    en: 'ignored: no program waits for this answer',
    ko: '이 대답을 기다리는 프로그램이 없어 무시했다',
  },
  'icmp.source-quench': {
    en: 'ignored: source quench is obsolete',
    ko: '더는 쓰지 않는 송신 억제라 무시했다',
  },
  'icmp.redirect-ignored': {
    en: 'ignored: not the advice of a router in use, or not to be followed',
    ko: '쓰고 있는 라우터의 조언이 아니거나 따를 수 없어 무시했다',
  },
  'icmp.rate-limit': {
    en: 'not sent: too many ICMP messages in a short time',
    ko: '짧은 시간에 ICMP 메시지가 너무 많아 보내지 않았다',
  },
  'icmp.echo-ignored': {
    en: 'ignored: this machine does not answer pings',
    ko: '이 컴퓨터는 ping에 대답하지 않는다',
  },
  'icmp.echo-broadcast-ignored': {
    en: 'ignored: a ping to everyone is not answered',
    ko: '모두에게 보낸 ping에는 대답하지 않는다',
  },

  // layer 4
  'ping.buffer-full': { en: "dropped: the socket's buffer is full", ko: '소켓의 버퍼가 가득 차서 버렸다' },
  'udp.truncated': { en: 'dropped: shorter than a UDP header', ko: 'UDP 헤더보다 짧아 버렸다' },
  'udp.length': { en: 'dropped: the UDP length is impossible', ko: 'UDP 길이가 잘못되어 버렸다' },
  'raw.buffer-full': {
    en: 'dropped: the receive buffer of a raw socket is full',
    ko: '로우 소켓의 수신 버퍼가 가득 차서 버렸다',
  },
  'packet.buffer-full': {
    en: 'not shown to a packet socket: its receive buffer is full',
    ko: '패킷 소켓의 수신 버퍼가 가득 차서 보여 주지 않았다',
  },
  'udp.no-port': { en: 'not taken: no program has that UDP port', ko: '그 UDP 포트를 쓰는 프로그램이 없다' },
  'tcp.malformed': { en: 'dropped: the TCP header is malformed', ko: 'TCP 헤더가 잘못되어 버렸다' },
  'tcp.checksum': { en: 'dropped: the TCP checksum is wrong', ko: 'TCP 체크섬이 맞지 않아 버렸다' },
  'tcp.broadcast': { en: 'dropped: TCP talks to one peer only', ko: 'TCP는 한 상대와만 이야기하므로 버렸다' },
  'tcp.no-socket': {
    en: 'not taken: that port has no listening program and no such connection',
    ko: '그 포트에는 기다리는 프로그램도 이런 연결도 없다',
  },
  'tcp.bad-ack': {
    en: 'not taken: it acknowledges what was never sent',
    ko: '보낸 적 없는 것을 확인 응답했다',
  },
  'tcp.bad-cookie': {
    en: 'not taken: the SYN cookie that it brings back is forged or too old',
    ko: '돌려준 SYN 쿠키가 가짜이거나 너무 오래되었다',
  },
  'tcp.old-ack': {
    en: 'not taken: it acknowledges what was acknowledged long ago',
    ko: '오래전에 확인 응답된 것을 확인 응답했다',
  },
  'tcp.no-ack': { en: 'not taken: it carries no acknowledgment', ko: '확인 응답이 들어 있지 않다' },
  'tcp.paws': { en: 'not taken: its timestamp is too old', ko: '타임스탬프가 너무 오래되었다' },
  'tcp.outside-window': { en: 'not taken: outside of the receive window', ko: '수신 윈도우를 벗어났다' },
  'tcp.duplicate': { en: 'not taken: it was there already', ko: '이미 받은 것이다' },
  'tcp.beyond-window': {
    en: 'not taken: it ends beyond the window, and what came before it is not read yet',
    ko: '윈도를 넘어 끝나고, 그 앞의 데이터가 아직 읽히지 않았다',
  },
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
  'tcp.deferred': {
    en: 'not taken yet: the listener waits for data (TCP_DEFER_ACCEPT)',
    ko: '기다리는 소켓이 데이터까지 와야 받아들인다(TCP_DEFER_ACCEPT)',
  },
  'tcp.bad-syn': {
    en: 'not taken: another SYN is being answered',
    ko: '이미 다른 SYN에 대답하는 중이다',
  },
  'tcp.not-syn': { en: 'not taken: a listener expects a SYN', ko: '기다리는 소켓에는 SYN이 와야 한다' },
  'tcp.after-close': { en: 'not taken: the program has closed', ko: '프로그램이 이미 닫았다' },
  'tcp.time-wait': { en: 'not taken: the connection has ended', ko: '연결이 이미 끝났다' },
  'udp.buffer-full': { en: "dropped: the socket's buffer is full", ko: '소켓의 버퍼가 가득 차서 버렸다' },
  'udp.checksum': { en: 'dropped: the UDP checksum is wrong', ko: 'UDP 체크섬이 맞지 않아 버렸다' },
};
