import { Background, BackgroundVariant, ReactFlow, type ReactFlowInstance } from '@xyflow/react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { LabDescription, LabFiles } from '../../protocol.ts';
import { useGlass } from '../../store.ts';
import { Cable } from './Cable.tsx';
import { Details } from './Details.tsx';
import { FlightCanvas } from './FlightCanvas.tsx';
import { MachineNode, NODE_HEIGHT, NODE_WIDTH } from './MachineNode.tsx';
import { positionsOf } from './positions.ts';
import type { LabEdge, LabNode } from './types.ts';

const nodeTypes = { machine: MachineNode };
const edgeTypes = { cable: Cable };

export function Topology() {
  const lab = useGlass((state) => state.lab);
  return (
    <div className="pane topology">
      {lab !== null && <Network key={JSON.stringify([lab.nodes, lab.links])} lab={lab} />}
    </div>
  );
}

function Network({ lab }: { readonly lab: LabDescription }) {
  const { t } = useTranslation();
  const loaded = useGlass((state) => state.loaded);
  const [flow, setFlow] = useState<ReactFlowInstance<LabNode, LabEdge> | null>(null);
  const [open, setOpen] = useState<string | null>(null);
  const [box, setBox] = useState<HTMLElement | null>(null);
  const [nodes, edges] = useMemo(() => [nodesOf(lab, loaded, 5), edgesOf(lab)], [lab, loaded]);

  // The network fills its pane, whatever size that gets, until a person moves a machine.
  const moved = useRef(false);
  useEffect(() => {
    if (flow === null || box === null) return;
    const observer = new ResizeObserver(() => {
      if (box.clientHeight === 0) return;
      if (!moved.current) flow.setNodes(nodesOf(lab, loaded, box.clientWidth / box.clientHeight));
      requestAnimationFrame(() => void flow.fitView({ padding: 0.09, maxZoom: 1.2 }));
    });
    observer.observe(box);
    return () => observer.disconnect();
  }, [flow, box, lab, loaded]);

  return (
    <section className="network" ref={setBox} aria-label={t('topology.label')}>
      <ReactFlow<LabNode, LabEdge>
        defaultNodes={nodes}
        defaultEdges={edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        onInit={setFlow}
        onNodeClick={(_, node) => setOpen(node.id)}
        onPaneClick={() => setOpen(null)}
        onNodeDragStop={() => {
          moved.current = true;
        }}
        nodesConnectable={false}
        minZoom={0.2}
        maxZoom={2.5}
        zoomOnScroll
        proOptions={{ hideAttribution: true }}
        deleteKeyCode={null}
        disableKeyboardA11y={false}
      >
        <Background variant={BackgroundVariant.Dots} gap={22} size={1.4} color="var(--line-2)" />
        <FlightCanvas lab={lab} />
      </ReactFlow>
      {open !== null && <Details lab={lab} name={open} close={() => setOpen(null)} />}
    </section>
  );
}

function nodesOf(lab: LabDescription, files: LabFiles, aspect: number): LabNode[] {
  const positions = positionsOf(lab, files, aspect);
  return lab.nodes.map((description) => {
    const { x, y } = positions.get(description.name) ?? { x: 0, y: 0 };
    return {
      id: description.name,
      type: 'machine',
      position: { x: x - NODE_WIDTH / 2, y: y - NODE_HEIGHT / 2 },
      data: { description },
      width: NODE_WIDTH,
      height: NODE_HEIGHT,
    };
  });
}

function edgesOf(lab: LabDescription): LabEdge[] {
  return lab.links.map((link, index) => ({
    id: `${index}`,
    type: 'cable',
    source: link.a.node,
    target: link.b.node,
    data: { link },
    focusable: false,
  }));
}
