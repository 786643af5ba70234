// Draws media/icon.png (128 x 128, what the marketplace shows) from media/icon.svg with a browser.
import { readFile } from 'node:fs/promises';
import { chromium } from 'playwright-core';

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const drawing = await readFile('media/icon.svg', 'utf8');
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
try {
  const page = await browser.newPage({ viewport: { width: 128, height: 128 } });
  await page.setContent(`<style>body{margin:0;background:transparent}svg{display:block}</style>${drawing}`);
  await page.screenshot({ path: 'media/icon.png', omitBackground: true });
} finally {
  await browser.close();
}
