"""Bodies of POST /predict that are tables, images and texts, and images and texts within JSON."""

from __future__ import annotations

import gzip

from tests.bundles import COLUMNS, ROW
from tests.conformance.case import post
from tests.conformance.cases_scoring import CSV, FORM, HEADER, LINE, form, invoke, torch, vertex
from tests.prepared import base64_of, encoded, plain

PNG, JPEG, WEBP = encoded(plain()), encoded(plain(), "JPEG"), encoded(plain(), "WEBP", lossless=True)
_BASE64 = base64_of(PNG)
_INFER = {"inputs": [{"name": "image", "shape": [1], "datatype": "BYTES", "data": [_BASE64]}]}

CASES = [
    post("csv-lines", f"{LINE}\n{LINE}", content_type=CSV),
    post("csv-header", f"{HEADER}\n{LINE}\n", content_type=CSV),
    post("csv-header-reversed", f"{','.join(COLUMNS[::-1])}\n{','.join(map(str, ROW[::-1]))}\n", content_type=CSV),
    post("csv-absent", f"{HEADER}\n", 422, content_type=f"{CSV}; header=absent"),
    post("csv-gzip", gzip.compress(LINE.encode()), content_type=CSV, content_encoding="gzip"),
    post("csv-latin-1", "1,2,3,é".encode("latin-1"), 400, content_type=CSV),
    post("csv-charset", LINE, 415, content_type=f"{CSV}; charset=latin-1"),
    post("csv-mixed", "age,visits,city\n1,2,Łódź\n", bundle="mixed", content_type=CSV),
    post("csv-column", "index\n3\n7\n", bundle="lookup", content_type=CSV),
    post("csv-image", "1,2", 422, bundle="image", content_type=CSV),
    post("csv-fixed", "1,2", 422, bundle="fixed", content_type=CSV),
    post("image-png", PNG, bundle="photo", content_type="image/png"),
    post("image-jpeg", JPEG, bundle="photo", content_type="image/jpeg"),
    post("image-jpg", JPEG, bundle="photo", content_type="image/jpg"),
    post("image-webp", WEBP, bundle="photo", content_type="image/webp"),
    post("image-gzip", gzip.compress(PNG), bundle="photo", content_type="image/png", content_encoding="gzip"),
    post("image-other-type", PNG, 400, bundle="photo", content_type="image/jpeg"),
    post("image-gif", b"GIF89a", 415, bundle="photo", content_type="image/gif"),
    post("image-no-image-model", PNG, 415, content_type="image/png"),
    post("image-json-rows", {"rows": [_BASE64, {"image": _BASE64}]}, bundle="photo"),
    post("image-json-inputs", {"inputs": {"image": [_BASE64]}}, bundle="photo"),
    post("image-json-broken", {"rows": [base64_of(PNG[:-30])]}, 422, bundle="photo"),
    post("image-csv", f"image\n{_BASE64}\n", bundle="photo", content_type=CSV),
    post("image-tf", {"instances": [_BASE64]}, bundle="photo", path="/v1/models/photo:predict"),
    post("image-v2", _INFER, bundle="photo", path="/v2/models/photo/infer"),
    invoke("image", PNG, bundle="photo", content_type="application/x-image"),
    torch("image-file", JPEG, bundle="photo", content_type="application/octet-stream"),
    torch("image", WEBP, bundle="photo", content_type="image/webp"),
    torch("image-form", form(("data", "image/png", PNG)), bundle="photo", content_type=FORM),
    vertex("image", {"instances": [{"image": {"b64": _BASE64}}, {"b64": _BASE64}]}, bundle="photo"),
    post("text", "the film is good", bundle="review", content_type="text/plain; charset=utf-8"),
    post("text-cut", "good " * 50, bundle="review", content_type="text/plain"),
    post("text-latin-1", "é".encode("latin-1"), 400, bundle="review", content_type="text/plain"),
    post("text-empty", b"", 422, bundle="review", content_type="text/plain"),
    post("text-no-text-model", "good", 415, content_type="text/plain"),
    post("text-json-rows", {"rows": ["good", "Łódź is the film", ""]}, bundle="review"),
    post("text-json-columns", {"columns": {"text": ["good"]}}, bundle="review"),
    post("text-csv", "text\ngood film\nbad\n", bundle="review", content_type=CSV),
    invoke("text-records", {"dataframe_records": [{"text": "good"}]}, bundle="review"),
    torch("text-file", "the film", bundle="review", content_type="application/octet-stream"),
]  # fmt: skip
