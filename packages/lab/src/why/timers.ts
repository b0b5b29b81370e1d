import type { Text } from './text.ts';

/** The timers of a machine, by the `name` of their `timer` events. */
export const TIMERS: Readonly<Record<string, Text>> = {
  'arp.age': { en: 'ageing of an ARP entry', ko: 'ARP 항목의 수명 타이머' },
  'arp.request': { en: 'wait for an ARP reply', ko: 'ARP 대답을 기다리는 타이머' },
  'arp.reachability-probe': { en: 'check of a neighbour', ko: '이웃 확인 타이머' },
  'ip.redirect-age': { en: 'ageing of what a redirect has told', ko: '경로 재지정으로 배운 길의 수명' },
  'ndisc.solicitation': { en: 'wait for a neighbour advertisement', ko: '이웃 광고를 기다리는 타이머' },
  'ndisc.age': { en: 'ageing of an IPv6 neighbour', ko: 'IPv6 이웃 항목의 수명 타이머' },
  'ndisc.duplicate-check': {
    en: 'wait whether anybody else has the address',
    ko: '그 주소를 다른 누가 쓰는지 기다리는 타이머',
  },
  'ndisc.router-solicitation': { en: 'wait for a router', ko: '라우터의 대답을 기다리는 타이머' },
  'ndisc.router-advertisement': { en: 'next router advertisement', ko: '다음 라우터 광고까지의 타이머' },
  'ndisc.router-answer': {
    en: 'random wait before a router answers',
    ko: '라우터가 대답하기 전의 무작위 대기',
  },
  'mld.change': { en: 'time to tell which groups are wanted', ko: '그룹 변화를 알릴 때' },
  'mld.report': { en: 'wait before a group is reported', ko: '그룹을 보고하기 전에 기다리는 타이머' },
  'mld.query': { en: 'random wait before a listener answers', ko: '그룹 질의에 답하기 전의 무작위 대기' },
  'ipv6.lifetime': { en: 'an address or route of a router ends', ko: '라우터가 준 주소나 경로의 수명' },
  'switch.ageing': { en: "ageing of the switch's table", ko: '스위치 표의 수명 타이머' },
  'stp.hello': { en: 'hello timer of the spanning tree', ko: '스패닝 트리 헬로 타이머' },
  'stp.message-age': {
    en: 'the spanning tree has heard nothing for three hellos',
    ko: '스패닝 트리 헬로가 세 번 오지 않음',
  },
  'stp.edge-delay': { en: 'wait for a switch behind the port', ko: '포트 뒤의 스위치를 기다리는 타이머' },
  'stp.forward-delay': { en: 'forward delay of the spanning tree', ko: '스패닝 트리 전달 지연 타이머' },
  'igmp.report': { en: 'wait before a group is reported', ko: '그룹을 보고하기 전에 기다리는 타이머' },
  'igmp.query': { en: 'wait before a query is answered', ko: '질의에 대답하기 전에 기다리는 타이머' },
  'igmp.change': {
    en: 'changes of groups are reported, and once more to be sure',
    ko: '그룹 변경을 보고하는 타이머 (확실하도록 한 번 더)',
  },
  'ip.reassembly': { en: 'wait for missing fragments', ko: '빠진 조각을 기다리는 타이머' },
  'tcp.retransmission': { en: 'retransmission timer', ko: '재전송 타이머' },
  'tcp.delayed-ack': { en: 'delayed-ACK timer', ko: '지연 확인 응답 타이머' },
  'tcp.zero-window-probe': { en: 'zero-window probe timer', ko: '제로 윈도우 탐색 타이머' },
  'tcp.loss-probe': { en: 'tail loss probe timer', ko: '꼬리 손실 탐색 타이머' },
  'tcp.pacing': {
    en: 'pacing (SO_MAX_PACING_RATE)',
    ko: '보내는 속도를 고르게 하는 타이머 (SO_MAX_PACING_RATE)',
  },
  'tcp.reordering': { en: 'wait for late segments (RACK)', ko: '늦는 세그먼트를 기다리는 타이머 (RACK)' },
  'tcp.keepalive': { en: 'keepalive timer', ko: '킵얼라이브 타이머' },
  'tcp.time-wait': { en: 'TIME_WAIT timer', ko: 'TIME_WAIT 타이머' },
  'tcp.fin-wait-2': { en: 'FIN_WAIT2 timer', ko: 'FIN_WAIT2 타이머' },
};
