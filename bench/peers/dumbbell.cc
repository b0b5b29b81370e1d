// The peer of B7: TCP flows through one narrow link, in ns-3. Tracing is off.
//
//   sender i --1 Gbit/s, 1 ms-- left router --100 Mbit/s, 10 ms, 100 packets-- right router --1 Gbit/s, 1 ms-- receiver i
//
// dumbbell FLOWS SECONDS prints the wall-clock seconds of the run and the goodput in Mbit/s.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "ns3/applications-module.h"
#include "ns3/core-module.h"
#include "ns3/internet-module.h"
#include "ns3/network-module.h"
#include "ns3/point-to-point-module.h"
#include "ns3/traffic-control-module.h"

using namespace ns3;

namespace {

constexpr uint16_t kPort = 5000;
// With IPv4, TCP, timestamps and PPP framing: 1500 bytes on the link.
constexpr uint32_t kSegment = 1446;
constexpr uint32_t kBuffer = 1 << 20;

std::string Network(uint32_t first, uint32_t flow) {
  return "10." + std::to_string(first + flow / 250) + "." + std::to_string(flow % 250) + ".0";
}

PointToPointHelper Link(const char *rate, const char *delay) {
  PointToPointHelper link;
  link.SetDeviceAttribute("DataRate", StringValue(rate));
  link.SetChannelAttribute("Delay", StringValue(delay));
  return link;
}

// The interfaces of a new link; its queue is the device's own, without a queue discipline above it.
Ipv4InterfaceContainer Connect(PointToPointHelper &link, Ptr<Node> a, Ptr<Node> b, const std::string &network) {
  NetDeviceContainer devices = link.Install(a, b);
  Ipv4AddressHelper addresses;
  addresses.SetBase(network.c_str(), "255.255.255.0");
  Ipv4InterfaceContainer interfaces = addresses.Assign(devices);
  TrafficControlHelper().Uninstall(devices);
  return interfaces;
}

}  // namespace

int main(int argc, char **argv) {
  const uint32_t flows = argc > 1 ? std::atoi(argv[1]) : 10;
  const double duration = argc > 2 ? std::atof(argv[2]) : 60;
  Config::SetDefault("ns3::TcpL4Protocol::SocketType", StringValue("ns3::TcpNewReno"));
  Config::SetDefault("ns3::TcpSocket::SegmentSize", UintegerValue(kSegment));
  Config::SetDefault("ns3::TcpSocket::SndBufSize", UintegerValue(kBuffer));
  Config::SetDefault("ns3::TcpSocket::RcvBufSize", UintegerValue(kBuffer));

  NodeContainer senders(flows), receivers(flows), routers(2);
  InternetStackHelper internet;
  internet.Install(senders);
  internet.Install(receivers);
  internet.Install(routers);

  PointToPointHelper narrow = Link("100Mbps", "10ms");
  narrow.SetQueue("ns3::DropTailQueue", "MaxSize", StringValue("100p"));
  PointToPointHelper wide = Link("1Gbps", "1ms");
  Connect(narrow, routers.Get(0), routers.Get(1), "10.255.0.0");

  std::vector<Ptr<PacketSink>> sinks;
  for (uint32_t i = 0; i < flows; i++) {
    Connect(wide, senders.Get(i), routers.Get(0), Network(1, i));
    Ipv4Address to = Connect(wide, routers.Get(1), receivers.Get(i), Network(101, i)).GetAddress(1);
    BulkSendHelper source("ns3::TcpSocketFactory", InetSocketAddress(to, kPort));
    source.SetAttribute("MaxBytes", UintegerValue(0));
    source.SetAttribute("SendSize", UintegerValue(kSegment));
    source.Install(senders.Get(i)).Start(Seconds(0.01 * (i % 100)));
    PacketSinkHelper sink("ns3::TcpSocketFactory", InetSocketAddress(Ipv4Address::GetAny(), kPort));
    sinks.push_back(DynamicCast<PacketSink>(sink.Install(receivers.Get(i)).Get(0)));
  }
  Ipv4GlobalRoutingHelper::PopulateRoutingTables();

  Simulator::Stop(Seconds(duration));
  const auto begin = std::chrono::steady_clock::now();
  Simulator::Run();
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
  uint64_t bytes = 0;
  for (const auto &sink : sinks) bytes += sink->GetTotalRx();
  std::printf("%.4f %.3f\n", wall.count(), bytes * 8 / duration / 1e6);
  Simulator::Destroy();
}
