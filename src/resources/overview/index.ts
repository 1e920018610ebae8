import { defineResource, type DetailSection } from '../../kit/define-resource.ts';
import { pulsePage } from './page.ts';
import type { Pulse } from './pulse.ts';
import { sectionsOf } from './sections.ts';

const leadsTo = (pulse: Pulse): string => (pulse.leadsTo ? `${pulse.leadsTo.resource} ${pulse.leadsTo.filter}` : '-');

export const overview = defineResource<Pulse, readonly DetailSection[]>({
  id: 'overview',
  title: 'Overview',
  entity: 'overview',
  aliases: ['pulses', 'home'],
  permission: 'overview.read',
  page: pulsePage,
  nameField: 'name',
  nameOf: pulse => pulse.name,

  columns: [
    { title: 'Pulse', width: 'fill', cell: pulse => pulse.name },
    { title: 'Now', width: 22, align: 'right', cell: pulse => pulse.value, tone: pulse => pulse.tone },
    { title: 'Last 24 h or 30 days', width: 30, cell: pulse => pulse.trend },
    { title: 'Against before', width: 16, priority: 2, cell: pulse => pulse.versus },
    { title: 'Enter leads to', width: 40, priority: 3, cell: leadsTo },
    { title: 'Topic', width: 8, priority: 3, cell: pulse => pulse.topic },
  ],

  relate: sectionsOf,
  detail: (pulse, sections) => [
    {
      title: pulse.name,
      lines: [
        ['Now', pulse.value, pulse.tone],
        ...(pulse.trend === '' ? [] : [['Trend', pulse.trend] as const]),
        ...(pulse.versus === '' ? [] : [['Against before', pulse.versus] as const]),
        ['Enter leads to', leadsTo(pulse)],
      ],
    },
    ...sections,
  ],

  actions: {},
  jumps: {},
  open: pulse => pulse.leadsTo,
});
