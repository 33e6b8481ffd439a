"""The corpora that `medspan data get` can fetch: where they are, under which terms, and their checksums."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import PurePosixPath
from typing import Any

from medspan.core import InputError

NOT_STATED = "none stated"


@dataclass(frozen=True, slots=True)
class DatasetFile:
    """A wanted file: `path` in the archive, `name` to write, and the split that its name claims.

    Where it stands in the archive does not matter; `path` decides between two files of one name.
    `sha256` is None where nobody has stated one: what comes is then recorded, not verified.
    """

    path: str
    name: str
    sha256: str | None = None
    split: str | None = None


@dataclass(frozen=True, slots=True)
class FileSet:
    """Documents with one file for each suffix: all of a name's files are wanted, or none.

    `sha256` is one checksum over all: of the text with a line `SHA256  NAME` for each file, in the
    order of their names as bytes, as `ls | LC_ALL=C sort | xargs sha256sum | sha256sum` gives it.
    """

    name: str
    suffixes: tuple[str, ...]
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Archive:
    """What one address gives: an archive under the file name `name`, or a single file as it is."""

    url: str
    name: str
    files: tuple[DatasetFile, ...] = ()
    file_set: FileSet | None = None


@dataclass(frozen=True, slots=True)
class Dataset:
    """A corpus that can be fetched. `licence_source` says who states the licence."""

    name: str
    title: str
    documents: str
    licence: str
    licence_source: str
    citation: str
    homepage: str
    archives: tuple[Archive, ...]

    @property
    def files(self) -> Iterator[DatasetFile]:
        return (file for archive in self.archives for file in archive.files)

    @property
    def terms(self) -> str:
        """The licence and who states it, in one phrase."""
        return f"{self.licence} ({self.licence_source})"

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "title": self.title,
            "documents": self.documents,
            "licence": self.licence,
            "licence_source": self.licence_source,
            "citation": self.citation,
            "homepage": self.homepage,
            "addresses": [archive.url for archive in self.archives],
            "splits": sorted({file.split for file in self.files if file.split}),
        }


def _same_name(path: str, split: str, sha256: str | None = None) -> DatasetFile:
    return DatasetFile(path, PurePosixPath(path).name, sha256, split)


def _ncbi_disease(part: str, split: str, sha256: str | None = None) -> Archive:
    name = f"NCBI{part}set_corpus"
    folder = "https://www.ncbi.nlm.nih.gov/CBBresearch/Dogan/DISEASE"
    return Archive(f"{folder}/{name}.zip", f"{name}.zip", (_same_name(f"{name}.txt", split, sha256),))


def _ade(part: str) -> Archive:
    name = f"ade_split_0_{part}.json"
    folder = "https://lavis.cs.hs-rm.de/storage/spert/public/datasets/ade"
    return Archive(f"{folder}/{name}", name, (_same_name(name, part),))


_CDR = "CDR_Data/CDR.Corpus.v010516"

DATASETS = (
    Dataset(
        "ade",
        "ADE corpus v2: drugs and their adverse effects, first of the ten splits released with SpERT",
        "4272 sentences",
        NOT_STATED,
        "neither the release nor its page states one; the authors ask to be cited",
        "Gurulingappa et al. (2012), Journal of Biomedical Informatics 45(5):885-892; "
        "splits: Eberts and Ulges (2020), Span-based Joint Entity and Relation Extraction (SpERT), ECAI",
        "https://github.com/lavis-nlp/spert",
        (_ade("train"), _ade("test")),
    ),
    Dataset(
        "bc5cdr",
        "BioCreative V CDR: chemicals, diseases and which chemical induces which disease (PubTator)",
        "1500 abstracts",
        "Public Domain Mark 1.0",
        "as recorded by the BigBio dataset card of bc5cdr",
        "Li et al. (2016), BioCreative V CDR task corpus, Database 2016, doi:10.1093/database/baw068",
        "https://biocreative.bioinformatics.udel.edu/tasks/biocreative-v/track-3-cdr/",
        (
            Archive(
                "https://biocreative.bioinformatics.udel.edu/media/store/files/2016/CDR_Data.zip",
                "CDR_Data.zip",
                (
                    _same_name(
                        f"{_CDR}/CDR_TrainingSet.PubTator.txt",
                        "train",
                        "7afcec134e3d4871e74b0398d92850d3c9ac94c0bdc780003f2d60184c012bd8",
                    ),
                    _same_name(
                        f"{_CDR}/CDR_DevelopmentSet.PubTator.txt",
                        "validation",
                        "9e18d8e700168887a7919e62f67ac2ce2357e3f409a48ee992906abdd80fe3e5",
                    ),
                    _same_name(f"{_CDR}/CDR_TestSet.PubTator.txt", "test"),
                ),
            ),
        ),
    ),
    Dataset(
        "biored",
        "BioRED: six types of entities and eight of relations between concepts (PubTator)",
        "600 abstracts",
        NOT_STATED,
        "the release states none; its authors call it freely available",
        "Luo et al. (2022), BioRED: a rich biomedical relation extraction dataset, "
        "Briefings in Bioinformatics, arXiv:2204.04263",
        "https://ftp.ncbi.nlm.nih.gov/pub/lu/BioRED/",
        (
            Archive(
                "https://ftp.ncbi.nlm.nih.gov/pub/lu/BioRED/BIORED.zip",
                "BIORED.zip",
                (
                    _same_name(
                        "BIORED/Train.PubTator",
                        "train",
                        "472cf3a38aa1732c08918e561a86a28d331b80ecddc7f77b3de02cc705181b81",
                    ),
                    _same_name(
                        "BIORED/Dev.PubTator",
                        "validation",
                        "504f8c8be806606d519b6c360f3164ff89dbfa5610f603bafe662ab2605bca76",
                    ),
                    _same_name("BIORED/Test.PubTator", "test"),
                ),
            ),
        ),
    ),
    Dataset(
        "chia",
        "Chia: eligibility criteria of clinical trials, entities and relations, with scope (brat)",
        "2000 texts of 1000 trials",
        "CC BY 4.0",
        "as recorded by the BigBio dataset script of chia",
        "Kury et al. (2020), Chia, a large annotated corpus of clinical trial eligibility criteria, "
        "Scientific Data 7:281",
        "https://github.com/WengLab-InformaticsResearch/CHIA",
        (
            Archive(
                "https://figshare.com/ndownloader/files/21728850",
                "chia_with_scope.zip",
                file_set=FileSet("chia", (".ann", ".txt")),
            ),
        ),
    ),
    Dataset(
        "maccrobat",
        "MACCROBAT 2020: clinical case reports with entities, events and relations (brat)",
        "200 case reports",
        "CC BY 4.0",
        "as third parties quote the page of the dataset at figshare; the files state none",
        "Caufield et al., MACCROBAT, figshare, doi:10.6084/m9.figshare.9764942",
        "https://figshare.com/articles/dataset/MACCROBAT2018/9764942",
        (
            Archive(
                "https://ndownloader.figshare.com/files/21489405",
                "MACCROBAT2020.zip",
                file_set=FileSet(
                    "maccrobat",
                    (".ann", ".txt"),
                    "ec6efc081d435abe9d06144dcf987b7af31bedc0e8c898de76e6744d2950331a",
                ),
            ),
        ),
    ),
    Dataset(
        "medmentions",
        "MedMentions ST21pv: mentions of UMLS concepts of 21 semantic types (PubTator, one file)",
        "4392 abstracts",
        "CC0 1.0",
        "as stated by the README of its repository",
        "Mohan and Li (2019), MedMentions: a large biomedical corpus annotated with UMLS concepts, "
        "AKBC, arXiv:1902.09476",
        "https://github.com/chanzuckerberg/MedMentions",
        (
            Archive(
                "https://github.com/chanzuckerberg/MedMentions/raw/master/st21pv/data/corpus_pubtator.txt.gz",
                "corpus_pubtator.txt.gz",
                (DatasetFile("corpus_pubtator.txt.gz", "corpus_pubtator.txt.gz"),),
            ),
        ),
    ),
    Dataset(
        "ncbi_disease",
        "NCBI disease corpus: mentions of diseases and their concepts (PubTator)",
        "793 abstracts",
        "CC0 1.0",
        "as recorded by the BigBio dataset card of ncbi_disease",
        "Dogan, Leaman and Lu (2014), NCBI disease corpus, Journal of Biomedical Informatics 47:1-10",
        "https://www.ncbi.nlm.nih.gov/CBBresearch/Dogan/DISEASE/",
        (
            _ncbi_disease(
                "train", "train", "3577a122567916449f4127289aa6f84d49c73ff32bf64b3be5ff14e019c98c38"
            ),
            _ncbi_disease(
                "develop", "validation", "02db559974624ae9cbe6cd95d64d953e6926bb63afb6b25b63e53bd8b41a4b55"
            ),
            _ncbi_disease("test", "test"),
        ),
    ),
)


def dataset_named(name: str) -> Dataset:
    """The dataset of this name. InputError, with the nearest name, for an unknown one."""
    known = {dataset.name: dataset for dataset in DATASETS}
    if name in known:
        return known[name]
    nearest = get_close_matches(name.lower().replace("-", "_"), known, n=1)
    raise InputError(
        f"{name!r} is no dataset that can be fetched",
        cause=f"{nearest[0]!r} was meant" if nearest else "it is misspelt, or has to be fetched by hand",
        remedy=f"choose one of {', '.join(known)} (medspan data list says what they are)",
    )
