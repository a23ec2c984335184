"""The look of the page of a probe, and how its numbers are read."""

HOW_TO_READ = """
<dl>
<dt>score</dt><dd>How alike a model area and a brain area are, by the metric named. Encoding (ridge,
PLS): the mean over neurons of the correlation between responses and their prediction from the model
area, on stimuli left out of the fit. RSA: the correlation of dissimilarities. CKA: debiased, 0 for
unrelated sides. Procrustes: an angle in radians, lower is better.</dd>
<dt>less untrained, less baseline</dt><dd>The question of the probe: the score of a trained area
less that of the same area of the same brain before it learnt anything, and less that of the best
baseline, on the same stimuli; positive is better. Its interval is over stimuli, and over brains
where there are several; p is two-sided, over brains, and over stimuli where there is one brain:
then it holds for that brain alone.</dd>
<dt>95 % interval</dt><dd>Over stimuli (whole movies), and over subjects where each is scored by
itself. A stimulus counts in the fits as in what they predict. Neurons and units are no
samples.</dd>
<dt>ceiling</dt><dd>Lower end: what one random half of the repeats says of the other. Upper end:
what a noiseless model would score: at it, nothing is left to explain. Of dissimilarity matrices:
each subject beside the mean of the others, and of all.</dd>
<dt>p, q of scores</dt><dd>p, of trained areas: whether stimuli matter at all, from permutations of
them, which pixels pass as well; q: the false discovery rate over the trained areas of this
metric.</dd>
<dt>untrained</dt><dd>The same model with its weights as drawn, several seeds. What it scores is
owed to its wiring, not to learning.</dd>
<dt>baselines</dt><dd>The frames themselves: pixels, edges (a Gabor bank), motion energy.</dd>
<dt>best lag</dt><dd>Each row of the table stands at the lag where it is best, baselines included;
the choice favours all of them alike, and the more lags the more.</dd>
<dt>silent, constant, missing</dt><dd>Neurons that never fire, never vary, or lack a response to
some stimulus: counted, and not scored.</dd>
</dl>
"""

STYLE = """body { font: 16px/1.5 system-ui, "Segoe UI", Helvetica, Arial, sans-serif; color: #222;
  margin: 0 auto; max-width: 72rem; padding: 2rem 1.5rem 4rem; background: #fff; }
h1 { font-size: 1.9rem; margin: 0 0 .2rem; }
h2 { font-size: 1.25rem; margin: 2.6rem 0 .8rem; border-bottom: 1px solid #ddd;
  padding-bottom: .3rem; }
.facts { color: #666; margin: 0 0 1.5rem; }
.verdicts { background: #f7f4ec; border-left: 4px solid #2166ac; margin: 0; list-style: none;
  padding: 1rem 1.4rem; }
.verdicts li + li { margin-top: .6rem; }
.good { color: #1b7837; font-weight: 600; }
.open { color: #555; }
.bad { color: #b2411f; font-weight: 600; }
figure { margin: 2rem 0; }
figure img { max-width: 100%; height: auto; max-height: 46rem; display: block; }
figcaption { color: #444; font-size: .92rem; max-width: 56rem; margin-top: .5rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .82rem; font-variant-numeric: tabular-nums; }
th { text-align: left; border-bottom: 2px solid #222; padding: .3rem .36rem;
  white-space: nowrap; }
td { border-bottom: 1px solid #e6e6e6; padding: .25rem .36rem; white-space: nowrap; }
td.number { text-align: right; }
dt { font-weight: 600; margin-top: .6rem; }
dd { margin: 0 0 0 1.2rem; max-width: 54rem; }
pre { background: #f6f6f6; padding: 1rem; overflow-x: auto; font-size: .8rem; line-height: 1.35; }
"""
"""Of this page, and of that of a study."""

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{kind}: {title}</title>
<style>
{style}</style>
</head>
<body>
<h1>{title}</h1>
<p class="facts">{facts}</p>
<ul class="verdicts">
{verdicts}
</ul>
{body}
<h2>How to read this</h2>
{how_to_read}
<h2>What was run</h2>
<p>{date}</p>
<pre>{command}</pre>
<p>{versions}</p>
<details><summary>Configuration</summary><pre>{config}</pre></details>
</body>
</html>
"""
"""What the page of a probe and that of a study share."""

BODY = """<h2>What learning gains</h2>
{gains}
{figures}
<h2>The numbers</h2>
<p>Each at its best lag; all lags and seeds are in scores.csv and scores.json.</p>
{summary}
{sections}
<h2>Neurons</h2>
{neurons}
"""
