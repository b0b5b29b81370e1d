/** Small pictures, drawn in the colour of the text around them. */
const frame = { width: 16, height: 16, viewBox: '0 0 16 16', fill: 'none' } as const;
const stroke = {
  stroke: 'currentColor',
  strokeWidth: 1.5,
  strokeLinecap: 'round',
  strokeLinejoin: 'round',
} as const;

export const PlayIcon = () => (
  <svg {...frame} aria-hidden="true">
    <path d="M4.5 2.8v10.4c0 .5.5.8 1 .5l8-5.2c.4-.2.4-.8 0-1l-8-5.2c-.5-.3-1 0-1 .5Z" fill="currentColor" />
  </svg>
);
export const PauseIcon = () => (
  <svg {...frame} aria-hidden="true">
    <rect x="3.5" y="2.5" width="3.2" height="11" rx="1" fill="currentColor" />
    <rect x="9.3" y="2.5" width="3.2" height="11" rx="1" fill="currentColor" />
  </svg>
);
export const StepIcon = () => (
  <svg {...frame} aria-hidden="true">
    <path d="M3.5 3v10l6.5-5-6.5-5Z" fill="currentColor" />
    <path d="M12.5 3v10" {...stroke} strokeWidth={2} />
  </svg>
);
export const RestartIcon = () => (
  <svg {...frame} aria-hidden="true">
    <path d="M3 8a5 5 0 1 0 1.6-3.7M3 2.5v2.8h2.8" {...stroke} />
  </svg>
);
export const SunIcon = () => (
  <svg {...frame} aria-hidden="true">
    <circle cx="8" cy="8" r="3" {...stroke} />
    <path
      d="M8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M12.6 3.4l-.9.9M4.3 11.7l-.9.9"
      {...stroke}
    />
  </svg>
);
export const MoonIcon = () => (
  <svg {...frame} aria-hidden="true">
    <path d="M13.2 9.6A5.6 5.6 0 0 1 6.4 2.8a5.6 5.6 0 1 0 6.8 6.8Z" {...stroke} />
  </svg>
);
export const LayoutIcon = () => (
  <svg {...frame} aria-hidden="true">
    <rect x="2" y="2.5" width="12" height="11" rx="1.5" {...stroke} />
    <path d="M6.5 2.5v11M6.5 8H14" {...stroke} />
  </svg>
);
export const HelpIcon = () => (
  <svg {...frame} aria-hidden="true">
    <rect x="1.5" y="4" width="13" height="8.5" rx="1.5" {...stroke} />
    <path d="M4.2 6.8h.1M7 6.8h.1M9.8 6.8h.1M12 6.8h.1M4.8 9.8h6.4" {...stroke} />
  </svg>
);
export const CloseIcon = () => (
  <svg {...frame} aria-hidden="true">
    <path d="m4 4 8 8M12 4l-8 8" {...stroke} />
  </svg>
);
export const UndoIcon = () => (
  <svg {...frame} aria-hidden="true">
    <path d="M5.5 3 2.5 6l3 3M3 6h6.5a3.5 3.5 0 0 1 0 7H7" {...stroke} />
  </svg>
);
export const Mark = () => (
  <svg width="24" height="24" viewBox="0 0 32 32" aria-hidden="true">
    <rect width="32" height="32" rx="7" fill="#3b5bdb" />
    <path d="M8 23V9l16 14V9" fill="none" stroke="#fff" strokeWidth="2.4" strokeLinecap="round" />
    <circle cx="8" cy="23" r="2.8" fill="#fff" />
    <circle cx="24" cy="9" r="2.8" fill="#ffd43b" />
  </svg>
);
