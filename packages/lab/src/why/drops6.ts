import type { Text } from './text.ts';

/** The reasons of IPv6, ICMPv6, neighbour discovery and multicast listener discovery. */
export const DROPS6: Readonly<Record<string, Text>> = {
  'ipv6.truncated': { en: 'dropped: shorter than an IPv6 header', ko: 'IPv6 헤더보다 짧아 버렸다' },
  'ipv6.version': { en: 'dropped: not IP version 6', ko: 'IP 버전 6이 아니라 버렸다' },
  'ipv6.payload-length': {
    en: 'dropped: longer by its header than the frame that brought it',
    ko: '헤더에 적힌 길이가 프레임보다 길어 버렸다',
  },
  'ipv6.disabled': {
    en: 'dropped: IPv6 is disabled on this interface',
    ko: '이 인터페이스에서 IPv6이 꺼져 있어 버렸다',
  },
  'ipv6.header-order': {
    en: 'dropped: a hop-by-hop header that is not the first one',
    ko: '홉 바이 홉 헤더가 맨 앞이 아니라 버렸다',
  },
  'ipv6.extension-length': {
    en: 'dropped: an extension header reaches beyond the packet',
    ko: '확장 헤더가 패킷 밖으로 나가 버렸다',
  },
  'ipv6.no-next-header': { en: 'dropped: nothing follows its headers', ko: '헤더 뒤에 아무것도 없어 버렸다' },
  'ipv6.too-many-headers': { en: 'dropped: too many extension headers', ko: '확장 헤더가 너무 많아 버렸다' },
  'ipv6.incomplete-chain': {
    en: 'dropped: the first fragment does not have all headers',
    ko: '첫 조각에 헤더가 다 들어 있지 않아 버렸다',
  },
  'ipv6.routing-header': {
    en: 'dropped: it asks to be sent on by a route of its own',
    ko: '스스로 정한 경로로 보내 달라고 하여 버렸다',
  },
  'ipv6.segment-routing-off': {
    en: 'dropped: it asks to go on by a route of segments, which seg6_enabled does not allow here',
    ko: '세그먼트 경로로 보내 달라고 하지만 이 인터페이스의 seg6_enabled가 꺼져 있어 버렸다',
  },
  'ipv6.beyond-scope': {
    en: 'dropped: a link-local address reaches no further than its link',
    ko: '링크 로컬 주소는 링크 밖에서 쓸 수 없어 버렸다',
  },
  'ipv6.option': {
    en: 'dropped: an option that must be known and is not',
    ko: '꼭 알아야 하는 옵션을 몰라 버렸다',
  },
  'ipv6.option-length': {
    en: 'dropped: an option reaches beyond its header',
    ko: '옵션이 헤더 밖으로 나가 버렸다',
  },
  'ipv6.option-padding': {
    en: 'dropped: too much padding between options',
    ko: '옵션 사이를 채운 것이 너무 많아 버렸다',
  },
  'ipv6.too-many-options': { en: 'dropped: too many options', ko: '옵션이 너무 많아 버렸다' },
  'ipv6.jumbogram': { en: 'dropped: jumbograms are not taken here', ko: '점보그램은 받지 않아 버렸다' },
  'icmpv6.truncated': {
    en: 'dropped: the ICMPv6 message is too short',
    ko: 'ICMPv6 메시지가 너무 짧아 버렸다',
  },
  'icmpv6.checksum': { en: 'dropped: the ICMPv6 checksum is wrong', ko: 'ICMPv6 검사합이 맞지 않아 버렸다' },
  'icmpv6.type': {
    en: 'dropped: nobody reads that type of ICMPv6',
    ko: '그 종류의 ICMPv6을 읽는 것이 없어 버렸다',
  },
  'ndisc.no-neighbours': {
    en: 'dropped: neighbours are not discovered on this interface',
    ko: '이 인터페이스에서는 이웃을 찾지 않아 버렸다',
  },
  'ndisc.hop-limit': {
    en: 'dropped: its hop limit shows that it does not come from a neighbour',
    ko: '홉 제한을 보니 이웃이 보낸 것이 아니라 버렸다',
  },
  'ndisc.code': {
    en: 'dropped: neighbour discovery with an unknown code',
    ko: '이웃 탐색의 코드를 알 수 없어 버렸다',
  },
  'ndisc.truncated': {
    en: 'dropped: the message of neighbour discovery is too short',
    ko: '이웃 탐색 메시지가 너무 짧아 버렸다',
  },
  'ndisc.option-length': {
    en: 'dropped: an option of neighbour discovery has an impossible length',
    ko: '이웃 탐색 옵션의 길이가 맞지 않아 버렸다',
  },
  'ndisc.not-accepted': {
    en: 'ignored: this machine does not take such messages',
    ko: '이 컴퓨터가 받지 않는 메시지라 무시했다',
  },
  'ndisc.not-link-local': {
    en: 'dropped: a router speaks from its link-local address only',
    ko: '라우터는 링크 로컬 주소로만 말하므로 버렸다',
  },
  'ndisc.redirect-ignored': {
    en: 'dropped: a redirect that is not from the router in use',
    ko: '쓰고 있는 라우터가 보낸 리다이렉트가 아니라 버렸다',
  },
  'ndisc.solicitation-malformed': {
    en: 'dropped: a neighbour solicitation that cannot be',
    ko: '있을 수 없는 이웃 요청이라 버렸다',
  },
  'ndisc.advertisement-malformed': {
    en: 'dropped: a neighbour advertisement that cannot be',
    ko: '있을 수 없는 이웃 광고라 버렸다',
  },
  'ndisc.address-conflict': {
    en: 'somebody else has this IPv6 address too',
    ko: '다른 누가 같은 IPv6 주소를 쓴다',
  },
  'ndisc.queue-full': {
    en: 'dropped: too many packets wait for the MAC address (IPv6)',
    ko: 'MAC 주소를 기다리는 패킷이 너무 많아 버렸다 (IPv6)',
  },
  'ndisc.table-full': { en: 'dropped: the table of neighbours is full', ko: '이웃 표가 가득 차서 버렸다' },
  'ndisc.too-many-routes': {
    en: 'not learned: routers have told of too many routes',
    ko: '라우터들이 알린 경로가 너무 많아 배우지 않았다',
  },
  'ndisc.flushed': {
    en: 'dropped: the neighbour was forgotten while it waited',
    ko: '기다리는 사이에 이웃 항목이 지워져 버렸다',
  },
  'ndisc.unresolved': {
    en: 'given up: no neighbour answered for that IPv6 address',
    ko: '그 IPv6 주소로 대답한 이웃이 없어 포기했다',
  },
  'mld.other-listener': {
    en: 'ignored: reports of other listeners are for routers',
    ko: '다른 청취자의 보고는 라우터의 것이라 무시했다',
  },
  'mld.query': { en: 'dropped: a group query that cannot be', ko: '있을 수 없는 그룹 질의라 버렸다' },
};
