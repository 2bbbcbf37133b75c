"""A whole study of photos, classes and folders with unusual names, in the C locale, from a read-only folder."""

import pandas as pd


def test_unusual_names_work_in_the_whole_study_and_the_photos_are_not_modified(
    finished_placed, photos_folder_of, digest_of_folder, unusual_names
):
    results, photos = finished_placed.folder / "results/chosen", photos_folder_of(finished_placed)
    rows = pd.read_csv(results / "photos" / "manifest.csv", keep_default_na=False)
    assert len(rows) == sum(path.is_file() for path in photos.rglob("*"))
    assert (rows["verdict"] == "keep").sum() > 40
    kept = rows.loc[rows["verdict"] == "keep", "path"]
    assert all(kept.str.contains(name, regex=False).any() for name in unusual_names)
    predicted = pd.read_csv(results / "evaluation/plain/seed7/predictions.csv", keep_default_na=False)
    assert set(predicted["id"]) <= set(rows["id"])
    assert "🐈" in (results / "report" / "index.html").read_text(encoding="utf-8")
    assert digest_of_folder(photos) == (finished_placed.folder / "digest.txt").read_text(encoding="utf-8")
