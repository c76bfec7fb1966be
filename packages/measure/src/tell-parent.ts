/** Tells whoever started this process (`startScript`) something that was not asked for. */
export const tellParent = <News>(news: News): void => void process.send?.({ news });
