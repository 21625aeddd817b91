"""The page of one run."""

from tssd.report.html.elements import Html, element, paragraph
from tssd.report.html.page import Section, page
from tssd.report.html.run_calibration import calibration
from tssd.report.html.run_details import confusion, early_exit, firing_rates
from tssd.report.html.run_recalibrated import recalibrated
from tssd.report.html.run_results import headline, timesteps
from tssd.report.html.run_training import curves, later_evaluation, setting
from tssd.report.html.run_unfinished import unfinished
from tssd.report.html.samples import Samples, firing_maps, predictions
from tssd.report.html.sourced import Sourced
from tssd.runs.files import RunFiles, continued


def run_page(run: RunFiles, samples: Samples | str, *, command: str) -> str:
    """One HTML file about a run.

    Args:
        run: its files; without results it is shown as far as it went.
        samples: what the network did with some inputs, or why there are none.
        command: that makes the page.
    """
    made = Section("made", "How it was made", setting(run.config, run.environment, run.name))
    kicker: Html | str = element("code", None, run.name)
    if run.results is None:
        sections = [
            Section("headline", "Headline", unfinished(run)),
            Section("curves", "Learning curves", curves(run.metrics)),
            made,
        ]
        return page(run.name, sections, kicker="not finished", command=command)
    if (reason := continued(run.results, run.config)) is not None:
        kicker = reason
    results = Sourced(run.results, "results.json#")
    main = results[run.results.selected]
    traced = samples if isinstance(samples, Samples) else None
    sections = [
        Section("headline", "Headline", headline(results, traced)),
        Section("timesteps", "Accuracy and costs against T", timesteps(results, traced)),
        Section("curves", "Learning curves", curves(run.metrics)),
        Section("calibration", "Calibration", calibration(main)),
        Section("confusion", "Confusion matrix", confusion(main, run.class_names())),
        Section("firing", "Firing rates", firing_rates(main)),
        Section("maps", "Firing maps", firing_maps({"": traced}) if traced else _none(samples)),
        Section("samples", "Samples", predictions(traced) if traced else _none(samples)),
        Section("exit", "Early exit", early_exit(main)),
    ]
    if run.recalibrated:
        found = Sourced(run.recalibrated, "recalibrated.json#")
        title = "Batch norm recalibrated"
        sections.append(Section("recalibrated", title, recalibrated(results, found)))
    if run.evaluation:
        sections.append(Section("later", "Later evaluation", later_evaluation(run.evaluation)))
    sections.append(made)
    title = run.results.description or run.name
    return page(title, sections, kicker=kicker, command=command)


def _none(reason: Samples | str) -> Html:
    return paragraph(f"Not shown: {reason}")
