// What can be measured of a page's layout: what is too wide, what cannot be reached, what cannot be read.

/** Elements that reach beyond the sides of the page, and whether the page scrolls sideways. */
export const overflowing = (page) =>
  page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const wide = [...document.querySelectorAll('body *')].filter((element) => {
      const box = element.getBoundingClientRect();
      if (box.width === 0 || element.closest('.unseen, svg, dialog:not([open])')) return false;
      return box.right > width + 0.5 || box.left < -0.5;
    });
    const found = wide.map((element) => element.outerHTML.slice(0, 80));
    if (document.documentElement.scrollWidth > width)
      found.push(`the page is ${document.documentElement.scrollWidth} wide`);
    return found;
  });

/** Controls that are shown, but still covered or cut off when scrolled to. */
export const unreachable = (page, controls = 'button, a[href], input, select, textarea, summary') =>
  page.evaluate((selector) => {
    const found = [];
    for (const control of document.querySelectorAll(selector)) {
      if (!control.checkVisibility({ visibilityProperty: true }) || control.closest('.unseen')) continue;
      control.scrollIntoView({ block: 'center' });
      const box = control.getBoundingClientRect();
      const hit = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
      if (!hit || !(control.contains(hit) || hit.contains(control))) found.push(control.outerHTML.slice(0, 80));
    }
    return found;
  }, controls);

/** Texts whose colour is too near to that of what is behind them: less than 4.5 to 1. */
export const lowContrasts = (page) =>
  page.evaluate(() => {
    const channels = (colour) => (colour.match(/[\d.]+/g) ?? []).map(Number);
    const luminance = (colour) => {
      const [r, g, b] = channels(colour).map((channel) => {
        const part = channel / 255;
        return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element) => {
      for (let at = element; at; at = at.parentElement) {
        const colour = getComputedStyle(at).backgroundColor;
        const [, , , alpha = 1] = channels(colour);
        if (alpha === 1) return colour;
      }
      return 'rgb(255, 255, 255)';
    };
    const found = new Set();
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const element = texts.currentNode.parentElement;
      if (!texts.currentNode.data.trim() || !element.checkVisibility() || element.closest('.unseen, :disabled'))
        continue;
      const [a, b] = [luminance(getComputedStyle(element).color), luminance(behind(element))];
      const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      if (ratio < 4.5)
        found.add(
          `${ratio.toFixed(2)} ${element.className || element.tagName}: ${texts.currentNode.data.trim().slice(0, 40)}`,
        );
    }
    return [...found];
  });
