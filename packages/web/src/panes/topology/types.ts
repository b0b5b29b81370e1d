import type { Edge, Node } from '@xyflow/react';
import type { LinkDescription, NodeDescription } from '../../protocol.ts';

/** The parts of the network as the diagram knows them. */
export type LabNode = Node<{ description: NodeDescription }, 'machine'>;
export type LabEdge = Edge<{ link: LinkDescription }, 'cable'>;
