"""Everything that is fuzzed."""

from tests.fuzz.backup_files import BackupFiles
from tests.fuzz.bundles import Bundles
from tests.fuzz.configs import Configs
from tests.fuzz.envelopes import Envelopes
from tests.fuzz.records import Records

SUBJECTS = {
    subject.name: subject for subject in (Envelopes, Configs, Records, BackupFiles, Bundles)
}
