import { describe, expect, test } from 'vitest';
import { annotated, expectedOf, hasJudge, parseScript, runHere, runOnLinux } from './socket-script.ts';

/** A listener `l`, a connected pair `c` (client) and `s` (accepted). */
const PAIR = `
  l = stream
  bind l 127.0.0.1:0
  listen l 5
  c = stream
  connect c 127.0.0.1:@l
  settle
  connect c 127.0.0.1:@l
  s = accept l
  settle
`;

/** `dead`: a bound port where nobody listens. */
const NOBODY = `
  dead = stream
  bind dead 127.0.0.1:0
`;

const SCRIPTS: Record<string, string> = {
  'a fresh stream socket has no name, no peer, and hangs up': `
    a = stream
    poll a            -> OUT|HUP
    name a            -> 0.0.0.0:0
    peer a            -> ENOTCONN
    recv a 10         -> ENOTCONN
    send a x          -> EPIPE
    shutdown a write  -> ENOTCONN
    shutdown a nonsense -> EINVAL
    b = accept a      -> EINVAL
    get a SO_ERROR    -> 0
    get a SO_ACCEPTCONN -> 0
  `,
  'binding twice is EINVAL, a taken port EADDRINUSE, a foreign address EADDRNOTAVAIL': `
    a = stream
    bind a 127.0.0.1:0 -> 0
    name a             -> 127.0.0.1:N
    bind a 127.0.0.1:0 -> EINVAL
    b = stream
    bind b 127.0.0.1:@a -> EADDRINUSE
    bind b 0.0.0.0:@a   -> EADDRINUSE
    bind b 127.0.0.2:@a -> 0
    d = stream
    bind d 192.0.2.77:0 -> EADDRNOTAVAIL
    u = datagram
    bind u 127.0.0.1:@a -> 0
    bind u 127.0.0.1:0  -> EINVAL
    v = datagram
    bind v 127.0.0.1:@a -> EADDRINUSE
  `,
  'SO_REUSEADDR lets streams share a port until one listens': `
    a = stream
    set a SO_REUSEADDR 1 -> 0
    bind a 127.0.0.1:0   -> 0
    b = stream
    bind b 127.0.0.1:@a  -> EADDRINUSE
    set b SO_REUSEADDR 1 -> 0
    bind b 127.0.0.1:@a  -> 0
    listen a 1           -> 0
    listen b 1           -> EADDRINUSE
    d = stream
    set d SO_REUSEADDR 1 -> 0
    bind d 127.0.0.1:@a  -> EADDRINUSE
  `,
  'SO_REUSEPORT lets streams listen on one port together': `
    a = stream
    set a SO_REUSEPORT 1 -> 0
    bind a 127.0.0.1:0   -> 0
    listen a 1           -> 0
    b = stream
    set b SO_REUSEPORT 1 -> 0
    bind b 127.0.0.1:@a  -> 0
    listen b 1           -> 0
  `,
  'a listener is readable when there is something to accept, and is no conversation': `
    l = stream
    bind l 127.0.0.1:0 -> 0
    listen l 5         -> 0
    poll l             -> nothing
    get l SO_ACCEPTCONN -> 1
    a = accept l       -> EAGAIN
    recv l 10          -> ENOTCONN
    send l x           -> EPIPE
    peer l             -> ENOTCONN
    connect l 127.0.0.1:@l -> EISCONN
    bind l 127.0.0.1:0 -> EINVAL
    listen l 7         -> 0
    c = stream
    connect c 127.0.0.1:@l -> EINPROGRESS
    settle
    poll l             -> IN
    s = accept l       -> 0
    poll l             -> nothing
    peer s             -> 127.0.0.1:N
    shutdown l write   -> 0
    s = accept l       -> EAGAIN
    shutdown l read    -> 0
    s = accept l       -> EINVAL
    poll l             -> OUT|HUP
    listen l 5         -> 0
  `,
  'listening without bind takes a port': `
    l = stream
    listen l 1 -> 0
    name l     -> 0.0.0.0:N
  `,
  'a connect that does not wait is under way, then done, then EISCONN': `
    l = stream
    bind l 127.0.0.1:0
    listen l 5
    c = stream
    connect c 127.0.0.1:@l -> EINPROGRESS
    settle
    poll c                 -> OUT
    get c SO_ERROR         -> 0
    peer c                 -> 127.0.0.1:N
    connect c 127.0.0.1:@l -> 0
    connect c 127.0.0.1:@l -> EISCONN
    listen c 5             -> EINVAL
    bind c 127.0.0.1:0     -> EINVAL
    s = accept c           -> EINVAL
  `,
  'a refused connect is told once, and the socket may try again': `
    ${NOBODY}
    c = stream
    connect c 127.0.0.1:@dead -> EINPROGRESS
    settle
    poll c                    -> IN|OUT|ERR|HUP|RDHUP
    get c SO_ERROR            -> 111
    get c SO_ERROR            -> 0
    poll c                    -> IN|OUT|HUP|RDHUP
    recv c 10                 -> ''
    send c x                  -> EPIPE
    peer c                    -> ENOTCONN
    connect c 127.0.0.1:@dead -> ECONNABORTED
    connect c 127.0.0.1:@dead -> EINPROGRESS
    settle
    connect c 127.0.0.1:@dead -> ECONNREFUSED
    poll c                    -> OUT|HUP
    connect c 127.0.0.1:@dead -> EINPROGRESS
    settle
    recv c 10                 -> ECONNREFUSED
    recv c 10                 -> ''
    d = stream
    connect d 127.0.0.1:@dead -> EINPROGRESS
    settle
    send d x                  -> ECONNREFUSED
    send d x                  -> EPIPE
  `,
  'after a refusal a listener that has come up is reached by the same socket': `
    ${NOBODY}
    c = stream
    connect c 127.0.0.1:@dead -> EINPROGRESS
    settle
    connect c 127.0.0.1:@dead -> ECONNREFUSED
    listen dead 1             -> 0
    connect c 127.0.0.1:@dead -> EINPROGRESS
    settle
    connect c 127.0.0.1:@dead -> 0
    send c hi                 -> 2
    s = accept dead           -> 0
    settle
    recv s 10                 -> 'hi'
  `,
  'connecting to 0.0.0.0 reaches this machine, a broadcast or group no one': `
    l = stream
    bind l 0.0.0.0:0
    listen l 1
    c = stream
    connect c 0.0.0.0:@l         -> EINPROGRESS
    settle
    peer c                       -> 127.0.0.1:N
    name c                       -> 127.0.0.1:N
    d = stream
    connect d 255.255.255.255:80 -> ENETUNREACH
  `,
  'urgent data is read apart; reading the rest stops at its mark': `
    ${PAIR}
    recv s 1 oob        -> EINVAL
    mark s              -> 0
    send c abcX oob     -> 4
    settle
    poll s              -> IN|PRI|OUT
    inq s               -> 3
    mark s              -> 0
    recv s 1 oob peek   -> 'X'
    recv s 5 oob        -> 'X'
    recv s 1 oob        -> EINVAL
    poll s              -> IN|OUT
    send c def          -> 3
    settle
    inq s               -> 3
    recv s 100 peek     -> 'abc'
    recv s 100          -> 'abc'
    mark s              -> 1
    inq s               -> 0
    poll s              -> IN|OUT
    recv s 100 peek     -> 'def'
    recv s 100          -> 'def'
    mark s              -> 0
    recv s 100          -> EAGAIN
  `,
  'the urgent byte alone is nothing to read': `
    ${PAIR}
    send c X oob        -> 1
    settle
    poll s              -> PRI|OUT
    mark s              -> 1
    inq s               -> 0
    recv s 100          -> EAGAIN
    mark s              -> 0
    poll s              -> OUT
    recv s 1 oob        -> EINVAL
  `,
  'a later urgent byte takes the place of the former, which stays in the stream': `
    ${PAIR}
    send c aX oob       -> 2
    settle
    send c bY oob       -> 2
    settle
    recv s 1 oob        -> 'Y'
    recv s 100          -> 'aXb'
    mark s              -> 1
    recv s 100          -> EAGAIN
  `,
  'the former urgent byte that was read apart is gone from the stream when the next one comes': `
    ${PAIR}
    send c aX oob       -> 2
    settle
    recv s 1 oob        -> 'X'
    recv s 100          -> 'a'
    send c bY oob       -> 2
    settle
    recv s 100          -> 'b'
    recv s 1 oob        -> 'Y'
    recv s 100          -> EAGAIN
  `,
  'SO_OOBINLINE leaves the urgent byte in the stream, at the mark': `
    ${PAIR}
    get s SO_OOBINLINE   -> 0
    set s SO_OOBINLINE 1 -> 0
    get s SO_OOBINLINE   -> 1
    send c abX oob      -> 3
    send c cd           -> 2
    settle
    poll s              -> IN|PRI|OUT
    inq s               -> 5
    recv s 1 oob        -> EINVAL
    recv s 100          -> 'ab'
    mark s              -> 1
    recv s 100          -> 'Xcd'
    mark s              -> 0
  `,
  'an urgent byte before the end is read apart after it, too': `
    ${PAIR}
    send c X oob        -> 1
    shutdown c write    -> 0
    settle
    poll s              -> IN|PRI|OUT|RDHUP
    recv s 100          -> ''
    recv s 1 oob        -> EINVAL
    recv s 100          -> ''
  `,
  'data can be peeked at, read in pieces, thrown away; the end comes after it': `
    ${PAIR}
    poll s              -> OUT
    recv s 10           -> EAGAIN
    send c hello,world  -> 11
    settle
    poll s              -> IN|OUT
    recv s 5 peek       -> 'hello'
    recv s 5            -> 'hello'
    recv s 1 trunc      -> 1 thrown away
    recv s 100          -> 'world'
    recv s 100          -> EAGAIN
    recv s 100 oob      -> EINVAL
    recv s 100 errqueue -> EAGAIN
    send c bye          -> 3
    shutdown c write    -> 0
    settle
    poll s              -> IN|OUT|RDHUP
    recv s 100          -> 'bye'
    recv s 100          -> ''
    recv s 100          -> ''
    poll s              -> IN|OUT|RDHUP
    send c x            -> EPIPE
    send s still        -> 5
    settle
    recv c 100          -> 'still'
    poll c              -> OUT
  `,
  'when both have shut down, the connection is over for both': `
    ${PAIR}
    shutdown c write -> 0
    settle
    shutdown s write -> 0
    settle
    poll c           -> IN|OUT|HUP|RDHUP
    poll s           -> IN|OUT|HUP|RDHUP
    peer s           -> ENOTCONN
    peer c           -> ENOTCONN
    recv c 10        -> ''
    recv s 10        -> ''
    shutdown c write -> ENOTCONN
    connect c 127.0.0.1:@l -> EISCONN
    get c SO_ERROR   -> 0
  `,
  'shutting down reading ends it for the program, while what comes can still be read': `
    ${PAIR}
    shutdown s read  -> 0
    poll s           -> IN|OUT|RDHUP
    recv s 10        -> ''
    send c more      -> 4
    settle
    recv s 10        -> 'more'
    recv s 10        -> ''
    shutdown s read  -> 0
    send s back      -> 4
  `,
  'closing with unread data resets: the peer reads what it has, then ECONNRESET, then the end': `
    ${PAIR}
    send s first     -> 5
    send c unread    -> 6
    settle
    close s          -> 0
    settle
    poll c           -> IN|OUT|ERR|HUP|RDHUP
    recv c 10        -> 'first'
    recv c 10        -> ECONNRESET
    recv c 10        -> ''
    send c x         -> EPIPE
    get c SO_ERROR   -> 0
    peer c           -> ENOTCONN
  `,
  'a connection that its peer has reset meanwhile is still accepted': `
    l = stream
    bind l 127.0.0.1:0
    listen l 5
    c = stream
    connect c 127.0.0.1:@l
    settle
    set c SO_LINGER x0100000000000000
    close c          -> 0
    settle
    poll l           -> IN
    s = accept l     -> 0
    peer s           -> ENOTCONN
    recv s 10        -> ECONNRESET
    recv s 10        -> ''
  `,
  'linger 0 makes close a reset': `
    ${PAIR}
    set s SO_LINGER x0100000000000000 -> 0
    close s          -> 0
    settle
    send c x         -> ECONNRESET
    send c x         -> EPIPE
  `,
  'writing to a closed peer is answered by a reset: EPIPE after it had sent its FIN': `
    ${PAIR}
    close s          -> 0
    settle
    poll c           -> IN|OUT|RDHUP
    send c x         -> 1
    settle
    poll c           -> IN|OUT|ERR|HUP|RDHUP
    recv c 10        -> ''
    get c SO_ERROR   -> 32
    send c x         -> EPIPE
  `,
  'AF_UNSPEC makes a connected stream a fresh one, and its peer is reset': `
    ${PAIR}
    connect c unspecified -> 0
    settle
    peer c                -> ENOTCONN
    recv s 10             -> ECONNRESET
    connect c 127.0.0.1:@l -> EINPROGRESS
    settle
    connect c 127.0.0.1:@l -> 0
  `,
  'no buffer is smaller than what Linux allows': `
    ${PAIR}
    set c SO_SNDBUF 1   -> 0
    get c SO_SNDBUF     -> 4608
    set s SO_RCVBUF 1   -> 0
    get s SO_RCVBUF     -> 2304
  `,
  'a fresh datagram socket is writable and has no peer': `
    u = datagram
    poll u            -> OUT
    name u            -> 0.0.0.0:0
    peer u            -> ENOTCONN
    recv u 10         -> EAGAIN
    send u x          -> EDESTADDRREQ
    listen u 5        -> EOPNOTSUPP
    v = accept u      -> EOPNOTSUPP
    sendto u x 127.0.0.1:0 -> EINVAL
    shutdown u write  -> ENOTCONN
    poll u            -> OUT
  `,
  'datagrams keep their boundaries; what does not fit is lost': `
    a = datagram
    bind a 127.0.0.1:0
    b = datagram
    sendto b hello 127.0.0.1:@a -> 5
    sendto b 0* 127.0.0.1:@a    -> 0
    sendto b world 127.0.0.1:@a -> 5
    settle
    name b                      -> 0.0.0.0:N
    poll a                      -> IN|OUT
    recv a 2 peek               -> 'he'…
    recv a 3                    -> 'hel'…
    recv a 10                   -> ''
    recv a 10                   -> 'world'
    recv a 10                   -> EAGAIN
    sendto b 65508* 127.0.0.1:@a -> EMSGSIZE
    sendto b 70000* 127.0.0.1:@a -> EMSGSIZE
    send b x oob                -> EOPNOTSUPP
  `,
  'a connected datagram socket hears its peer only': `
    a = datagram
    bind a 127.0.0.1:0
    b = datagram
    bind b 127.0.0.1:0
    x = datagram
    connect a 127.0.0.1:@b     -> 0
    peer a                     -> 127.0.0.1:N
    sendto x no 127.0.0.1:@a   -> 2
    sendto b yes 127.0.0.1:@a  -> 3
    settle
    recv a 10                  -> 'yes'
    recv a 10                  -> EAGAIN
    send a hi                  -> 2
    connect a unspecified      -> 0
    peer a                     -> ENOTCONN
    name a                     -> 127.0.0.1:0
    send a hi                  -> EDESTADDRREQ
    shutdown a both            -> ENOTCONN
    poll a                     -> IN|OUT|HUP|RDHUP
  `,
  'a datagram to a port where nobody is comes back as ECONNREFUSED on what a connected socket calls next': `
    v = datagram
    bind v 127.0.0.1:0
    w = datagram
    connect w 127.0.0.1:@v    -> 0
    close v                   -> 0
    send w one                -> 3
    settle
    poll w                    -> OUT|ERR
    send w two                -> ECONNREFUSED
    poll w                    -> OUT
    send w three              -> 5
    settle
    recv w 10                 -> ECONNREFUSED
    recv w 10                 -> EAGAIN
    send w four               -> 4
    settle
    get w SO_ERROR            -> 111
    get w SO_ERROR            -> 0
  `,
  'without a connection the error is lost, unless IP_RECVERR asks for it': `
    v = datagram
    bind v 127.0.0.1:0
    u = datagram
    connect u 127.0.0.1:@v    -> 0
    connect u unspecified     -> 0
    w = datagram
    sendto w one 127.0.0.1:9  -> 3
    settle
    poll w                    -> OUT
    recv w 10                 -> EAGAIN
    set w IP_RECVERR 1        -> 0
    sendto w two 127.0.0.1:9  -> 3
    settle
    poll w                    -> OUT|ERR
    recv w 10                 -> ECONNREFUSED
    poll w                    -> OUT|ERR
    recv w 10 errqueue        -> 'two' ECONNREFUSED 2 3 3 127.0.0.1
    recv w 10 errqueue        -> EAGAIN
    poll w                    -> OUT
  `,
  'disconnecting gives back a port that was chosen, and a named one stays': `
    v = datagram
    bind v 127.0.0.1:0
    u = datagram
    connect u 127.0.0.1:@v    -> 0
    name u                    -> 127.0.0.1:N
    connect u unspecified     -> 0
    name u                    -> 0.0.0.0:0
    bind u 127.0.0.1:0        -> 0
  `,
  'datagram sockets share a port when all have SO_REUSEADDR, and the last one gets what comes': `
    a = datagram
    set a SO_REUSEADDR 1 -> 0
    bind a 127.0.0.1:0   -> 0
    b = datagram
    bind b 127.0.0.1:@a  -> EADDRINUSE
    set b SO_REUSEADDR 1 -> 0
    bind b 127.0.0.1:@a  -> 0
    c = datagram
    sendto c x 127.0.0.1:@a -> 1
    settle
    recv a 10            -> EAGAIN
    recv b 10            -> 'x'
  `,
  'after shutdown for writing a datagram socket sends nothing': `
    v = datagram
    bind v 127.0.0.1:0
    u = datagram
    connect u 127.0.0.1:@v -> 0
    shutdown u write       -> 0
    send u x               -> EPIPE
    poll u                 -> OUT
  `,
  'socket options are read and written as on Linux': `
    s = stream
    u = datagram
    get s SO_TYPE         -> 1
    get u SO_TYPE         -> 2
    get s SO_DOMAIN       -> 2
    get s SO_PROTOCOL     -> 6
    get u SO_PROTOCOL     -> 17
    set s SO_TYPE 1       -> ENOPROTOOPT
    set s SO_ERROR 1      -> ENOPROTOOPT
    set s SO_REUSEADDR x01 -> EINVAL
    set s SO_REUSEADDR 17 -> 0
    get s SO_REUSEADDR    -> 1
    get s SO_REUSEADDR 1  -> x01
    get s SO_REUSEADDR 2  -> x0100
    get s SO_KEEPALIVE    -> 0
    set s SO_KEEPALIVE 1  -> 0
    get s SO_KEEPALIVE    -> 1
    set u SO_KEEPALIVE 1  -> 0
    get s SO_LINGER 8     -> x0000000000000000
    set s SO_LINGER x01000000 -> EINVAL
    set s SO_LINGER x0500000007000000 -> 0
    get s SO_LINGER 8     -> x0100000007000000
    get s SO_LINGER       -> 1
    get s SO_RCVTIMEO 16  -> x00000000000000000000000000000000
    set s SO_RCVTIMEO x010000 -> EINVAL
    set s SO_RCVTIMEO x020000000000000040420f0000000000 -> EDOM
    set s SO_RCVTIMEO x020000000000000020a1070000000000 -> 0
    get s SO_RCVTIMEO 16  -> x020000000000000020a1070000000000
    get s SO_RCVLOWAT     -> 1
    get s SO_SNDLOWAT     -> 1
    set s SO_SNDLOWAT 2   -> ENOPROTOOPT
    get s SO_BINDTODEVICE 16 -> x
    get s 1.9999          -> ENOPROTOOPT
    set s 1.9999 1        -> ENOPROTOOPT
    get s 99.1            -> EOPNOTSUPP
    set s 99.1 1          -> ENOPROTOOPT
    get u TCP_NODELAY     -> EOPNOTSUPP
    set u TCP_NODELAY 1   -> ENOPROTOOPT
  `,
  'buffer sizes are doubled, within bounds': `
    u = datagram
    get u SO_RCVBUF       -> 212992
    get u SO_SNDBUF       -> 212992
    set u SO_RCVBUF 10000 -> 0
    get u SO_RCVBUF       -> 20000
    set u SO_RCVBUF 0     -> 0
    get u SO_RCVBUF       -> 2304
    set u SO_SNDBUF 0     -> 0
    get u SO_SNDBUF       -> 4608
    s = stream
    get s SO_SNDBUF       -> 16384
    get s SO_RCVBUF       -> 131072
    set s SO_RCVBUF 5000  -> 0
    get s SO_RCVBUF       -> 10000
    set s SO_SNDBUF 5000  -> 0
    get s SO_SNDBUF       -> 10000
  `,
  'IP options take one byte or four': `
    s = stream
    get s IP_TTL          -> 64
    set s IP_TTL 0        -> EINVAL
    set s IP_TTL 256      -> EINVAL
    set s IP_TTL x07      -> 0
    get s IP_TTL          -> 7
    get s IP_TTL 1        -> x07
    set s IP_TTL -1       -> 0
    get s IP_TTL          -> 64
    set s IP_TTL x        -> EINVAL
    set s IP_TOS 255      -> 0
    get s IP_TOS          -> 252
    u = datagram
    set u IP_TOS 255      -> 0
    get u IP_TOS          -> 255
    get u IP_MTU_DISCOVER -> 1
    set u IP_MTU_DISCOVER 2 -> 0
    get u IP_MTU_DISCOVER -> 2
    set u IP_MTU_DISCOVER 77 -> EINVAL
    get u IP_MTU          -> ENOTCONN
    connect u 127.0.0.1:9 -> 0
    get u IP_MTU          -> 65535
    get u IP_RECVERR      -> 0
    set u IP_RECVTTL 1    -> 0
    get u IP_RECVTTL      -> 1
    get u 0.9999          -> ENOPROTOOPT
    set u 0.9999 1        -> ENOPROTOOPT
  `,
  'TCP options are read and written as on Linux': `
    s = stream
    get s TCP_NODELAY     -> 0
    set s TCP_NODELAY 1   -> 0
    get s TCP_NODELAY     -> 1
    set s TCP_NODELAY x01 -> EINVAL
    get s TCP_MAXSEG      -> 536
    set s TCP_MAXSEG 87   -> EINVAL
    set s TCP_MAXSEG 32768 -> EINVAL
    set s TCP_MAXSEG 1000 -> 0
    get s TCP_MAXSEG      -> 1000
    get s TCP_KEEPIDLE    -> 7200
    get s TCP_KEEPINTVL   -> 75
    get s TCP_KEEPCNT     -> 9
    set s TCP_KEEPIDLE 0  -> EINVAL
    set s TCP_KEEPIDLE 32768 -> EINVAL
    set s TCP_KEEPIDLE 10 -> 0
    get s TCP_KEEPIDLE    -> 10
    set s TCP_KEEPINTVL 5 -> 0
    get s TCP_KEEPINTVL   -> 5
    set s TCP_KEEPCNT 128 -> EINVAL
    set s TCP_KEEPCNT 3   -> 0
    get s TCP_KEEPCNT     -> 3
    get s TCP_DEFER_ACCEPT -> 0
    set s TCP_DEFER_ACCEPT 4 -> 0
    get s TCP_DEFER_ACCEPT -> 7
    set s TCP_DEFER_ACCEPT 1000 -> 0
    get s TCP_DEFER_ACCEPT -> 1087
    set s TCP_DEFER_ACCEPT 100000 -> 0
    get s TCP_DEFER_ACCEPT -> 29887
    get s TCP_LINGER2     -> 60
    set s TCP_LINGER2 121 -> 0
    get s TCP_LINGER2     -> 120
    set s TCP_LINGER2 61  -> 0
    get s TCP_LINGER2     -> 61
    get s TCP_WINDOW_CLAMP -> 0
    set s TCP_WINDOW_CLAMP 1151 -> 0
    get s TCP_WINDOW_CLAMP -> 1152
    set s TCP_WINDOW_CLAMP 0 -> 0
    get s TCP_WINDOW_CLAMP -> 0
    get s TCP_INFO 1      -> x07
    get s 6.9999          -> ENOPROTOOPT
    set s 6.9999 1        -> ENOPROTOOPT
  `,
  'an accepted socket takes over the options of its listener': `
    l = stream
    set l TCP_NODELAY 1
    set l SO_KEEPALIVE 1
    set l TCP_KEEPIDLE 11
    set l IP_TTL 33
    set l SO_REUSEADDR 1
    set l SO_RCVTIMEO x02000000000000000000000000000000
    bind l 127.0.0.1:0
    listen l 1
    c = stream
    connect c 127.0.0.1:@l
    settle
    s = accept l
    get s TCP_NODELAY    -> 1
    get s SO_KEEPALIVE   -> 1
    get s TCP_KEEPIDLE   -> 11
    get s IP_TTL         -> 33
    get s SO_REUSEADDR   -> 1
    get s SO_RCVTIMEO 16 -> x02000000000000000000000000000000
    get s TCP_INFO 1     -> x01
  `,
};

const parsed = Object.entries(SCRIPTS).map(([title, text]) => ({ title, script: parseScript(text) }));

describe('the socket interface', () => {
  for (const { title, script } of parsed) {
    test(title, () => {
      expect(annotated(script, runHere(script))).toEqual(expectedOf(script));
    });
  }
});

describe.skipIf(!hasJudge())('the Linux kernel of this machine', () => {
  test('answers every one of these calls the same', () => {
    const expected = parsed.map(({ script }) => expectedOf(script));
    const ask = (pause: number) => {
      const answers = runOnLinux(
        parsed.map(({ script }) => script),
        pause,
      );
      return parsed.map(({ script }, i) => annotated(script, answers[i]!));
    };
    // A busy machine may need longer to deliver what is under way on its loopback interface.
    const pauses = [0.005, 0.05, 0.2];
    let found: string[][];
    do found = ask(pauses.shift() ?? 0);
    while (pauses.length > 0 && JSON.stringify(found) !== JSON.stringify(expected));
    expect(found).toEqual(expected);
  });
});
