"""The terms of the synthetic notes: drugs, diseases and symptoms in their usual spelling within a sentence.

No term is in two lists, and none stands as whole words within another one; `tests/synth` checks both.
Terms that fit one sex or children only are left out, as any note may use any term.
"""

from __future__ import annotations


def _terms(block: str) -> tuple[str, ...]:
    return tuple(" ".join(term.split()) for term in block.split(",") if term.strip())


DRUGS = _terms("""
    abacavir, acarbose, acetazolamide, aciclovir, adalimumab, albendazole, alendronic acid, allopurinol,
    amantadine, amiodarone, amitriptyline, amlodipine besylate, amoxicillin-clavulanate, anastrozole,
    apixaban, apremilast, aripiprazole, aspirin, atenolol, atomoxetine, atorvastatin, azathioprine,
    azithromycin, baclofen, beclometasone, bendroflumethiazide, betahistine, bezafibrate, bisoprolol,
    bosentan, budesonide, bumetanide, buprenorphine, bupropion, cabergoline, calcium carbonate,
    candesartan, capecitabine, captopril, carbamazepine, carbimazole, carvedilol, cefalexin,
    ceftriaxone, celecoxib, cetirizine, chlorpromazine, ciclosporin, cilostazol, cinacalcet,
    ciprofloxacin, citalopram, clarithromycin, clindamycin, clomipramine, clonazepam, clonidine,
    clopidogrel, clozapine, codeine phosphate, colchicine, colesevelam, cyclophosphamide, dabigatran
    etexilate, dapagliflozin, dapsone, denosumab, desmopressin, dexamethasone, diazepam, diclofenac
    sodium, digoxin, diltiazem, dipyridamole, disulfiram, dolutegravir, donepezil, doxazosin,
    doxycycline, dulaglutide, duloxetine, edoxaban, empagliflozin, entacapone, eplerenone, erythromycin,
    escitalopram, esomeprazole, etanercept, ethambutol, ethosuximide, etoricoxib, exemestane, ezetimibe,
    famotidine, febuxostat, felodipine, fenofibrate, ferrous fumarate, ferrous sulfate, fexofenadine,
    flecainide, flucloxacillin, fluconazole, fludrocortisone, fluoxetine, fluticasone propionate, folic
    acid, fosfomycin, furosemide, gabapentin, gemfibrozil, gliclazide, glimepiride, glyceryl trinitrate,
    haloperidol, hydralazine, hydrochlorothiazide, hydrocortisone, hydroxycarbamide, hydroxychloroquine
    sulfate, ibuprofen, imatinib, indapamide, indometacin, infliximab, insulin aspart, insulin degludec,
    insulin glargine, insulin lispro, ipratropium bromide, irbesartan, isoniazid, isosorbide
    mononitrate, itraconazole, ivabradine, ivermectin, ketoconazole, labetalol, lacosamide, lamotrigine,
    lansoprazole, latanoprost, leflunomide, letrozole, levetiracetam, levocetirizine,
    levodopa-carbidopa, levofloxacin, levothyroxine sodium, linagliptin, linezolid, liraglutide,
    lisinopril, lithium carbonate, loperamide, loratadine, losartan, macitentan, mebeverine, melatonin,
    memantine, mesalazine, metformin, methotrexate, methyldopa, methylprednisolone, metoclopramide,
    metolazone, metoprolol succinate, metronidazole, minocycline, mirabegron, mirtazapine, modafinil,
    montelukast, morphine sulfate, moxonidine, mycophenolate mofetil, naltrexone, naproxen, natalizumab,
    nebivolol, nicorandil, nifedipine, nitrofurantoin, nortriptyline, olanzapine, omalizumab,
    ondansetron, oseltamivir, oxcarbazepine, oxybutynin, pantoprazole, paracetamol, paroxetine,
    penicillamine, perindopril, phenelzine, phenobarbital, phenytoin, pioglitazone, pramipexole,
    prasugrel, pravastatin, prednisolone, pregabalin, procyclidine, propranolol, propylthiouracil,
    pyrazinamide, pyridostigmine, quetiapine, quinine sulfate, rabeprazole, ramipril, ranolazine,
    rasagiline, rifampicin, rifaximin, risedronate, risperidone, ritonavir, rituximab, rivaroxaban,
    rizatriptan, ropinirole, rosuvastatin, sacubitril-valsartan, salbutamol, salmeterol, semaglutide,
    sertraline, sildenafil, simvastatin, sitagliptin, sodium valproate, solifenacin, sotalol,
    spironolactone, sucralfate, sulfasalazine, sumatriptan, tacrolimus, tamoxifen, tapentadol,
    telmisartan, terbinafine, teriflunomide, theophylline, ticagrelor, timolol, tiotropium bromide,
    tizanidine, tocilizumab, tofacitinib, tolterodine, topiramate, torasemide, tramadol, tranexamic
    acid, trazodone, trimethoprim-sulfamethoxazole, ursodeoxycholic acid, ustekinumab, valaciclovir,
    valganciclovir, vancomycin, vedolizumab, venlafaxine, verapamil, vildagliptin, vitamin K,
    voriconazole, vortioxetine, warfarin, zidovudine, zoledronic acid, zolpidem, zonisamide, zopiclone
""")

DISEASES = _terms("""
    achalasia, acromegaly, actinic keratosis, acute bronchitis, acute cholecystitis, acute kidney
    injury, acute myeloid leukaemia, acute pancreatitis, Addison's disease, adhesive capsulitis, alcohol
    dependence, allergic rhinitis, alopecia areata, Alzheimer's disease, amyotrophic lateral sclerosis,
    anal fissure, ankylosing spondylitis, antiphospholipid syndrome, aortic stenosis, aplastic anaemia,
    asthma, atopic dermatitis, atrial fibrillation, autoimmune hepatitis, bacterial endocarditis,
    Barrett's oesophagus, basal cell carcinoma, Bell's palsy, bipolar disorder, bronchiectasis, bullous
    pemphigoid, cardiac amyloidosis, carpal tunnel syndrome, cellulitis, cervical spondylosis, chronic
    hepatitis B, chronic kidney disease, chronic lymphocytic leukaemia, chronic obstructive pulmonary
    disease, chronic sinusitis, chronic urticaria, cirrhosis, Clostridioides difficile colitis, coeliac
    disease, community-acquired pneumonia, congestive heart failure, contact dermatitis, coronary artery
    disease, Crohn's disease, Cushing's syndrome, cystic fibrosis, cytomegalovirus retinitis, deep vein
    thrombosis, dermatomyositis, diabetes insipidus, diabetic ketoacidosis, diabetic retinopathy,
    dilated cardiomyopathy, diverticulitis, duodenal ulcer, eosinophilic oesophagitis, epilepsy,
    erysipelas, essential thrombocythaemia, essential tremor, familial hypercholesterolaemia,
    fibromyalgia, focal segmental glomerulosclerosis, gastric ulcer, gastro-oesophageal reflux disease,
    generalised anxiety disorder, genital herpes, giant cell arteritis, glioblastoma, gout, Graves'
    disease, Guillain-Barré syndrome, Hashimoto's thyroiditis, hepatic encephalopathy, hepatitis C,
    hepatocellular carcinoma, hereditary angioedema, hidradenitis suppurativa, HIV infection, Hodgkin
    lymphoma, Huntington's disease, hyperparathyroidism, hypertension, hyperthyroidism, hypertrophic
    cardiomyopathy, hypothyroidism, idiopathic pulmonary fibrosis, IgA nephropathy, immune
    thrombocytopenia, interstitial cystitis, iron deficiency anaemia, irritable bowel syndrome, latent
    tuberculosis, lichen planus, lupus nephritis, Lyme disease, major depressive disorder, malaria,
    mantle cell lymphoma, membranous nephropathy, Meniere's disease, meningococcal meningitis,
    metastatic melanoma, microscopic colitis, migraine, mitral regurgitation, multiple myeloma, multiple
    sclerosis, myasthenia gravis, myelofibrosis, myocardial infarction, narcolepsy, nephrotic syndrome,
    non-small cell lung cancer, obsessive-compulsive disorder, open-angle glaucoma, oral candidiasis,
    osteoarthritis, osteomyelitis, osteoporosis, overactive bladder, Paget's disease, pancreatic cancer,
    panic disorder, Parkinson's disease, paroxysmal nocturnal haemoglobinuria, pericarditis, peripheral
    arterial disease, pernicious anaemia, phaeochromocytoma, plantar fasciitis, plaque psoriasis,
    Pneumocystis pneumonia, polycystic kidney disease, polycythaemia vera, polymyalgia rheumatica,
    post-traumatic stress disorder, primary aldosteronism, primary biliary cholangitis, psoriatic
    arthritis, pulmonary embolism, pyelonephritis, Raynaud's phenomenon, reactive arthritis, renal cell
    carcinoma, restless legs syndrome, rheumatoid arthritis, rosacea, sarcoidosis, schizophrenia,
    sciatica, scleroderma, seborrhoeic dermatitis, shingles, sickle cell disease, Sjögren's syndrome,
    stable angina, streptococcal pharyngitis, supraventricular tachycardia, syphilis, systemic lupus
    erythematosus, Takayasu arteritis, temporomandibular disorder, tinea corporis, Tourette syndrome,
    transient ischaemic attack, trigeminal neuralgia, type 1 diabetes, type 2 diabetes, ulcerative
    colitis, urinary tract infection, uveitis, ventricular tachycardia, viral meningitis, vitamin B12
    deficiency, vitiligo, von willebrand disease, Wilson's disease
""")

SINGULAR_SYMPTOMS = _terms("""
    abdominal cramping, abdominal pain, agitation, ankle swelling, anorexia, apathy, ataxia, back pain,
    belching, bloating, blurred vision, bradycardia, breathlessness on exertion, brittle hair, bruising,
    burning on urination, chest discomfort, chest tightness, cloudy urine, cold intolerance, confusion,
    constipation, daytime sleepiness, decreased appetite, diarrhoea, difficulty concentrating,
    difficulty swallowing, diplopia, dizziness, drooling, dry cough, dry mouth, dry skin, dysarthria,
    dysgeusia, ear pain, early satiety, emotional lability, epigastric discomfort, excessive sweating,
    excessive thirst, eye redness, facial flushing, facial oedema, faecal urgency, fatigue, fever,
    finger numbness, flatulence, gait instability, gum overgrowth, haematuria, hair loss, headache,
    hearing loss, heartburn, hoarse voice, hypersalivation, impaired memory, increased appetite,
    injection site redness, insomnia, irritability, itching, itchy scalp, jaundice, jaw pain, joint
    stiffness, leg weakness, lethargy, light-headedness on standing, loss of balance, loss of libido,
    loss of smell, low mood, lower limb oedema, metallic taste, muscle stiffness, muscle weakness, nasal
    congestion, nausea, neck stiffness, night-time wheeze, nocturia, orthopnoea, paraesthesia, peeling
    skin, photosensitivity, polyuria, poor coordination, pruritus, purple toe discoloration, rectal
    bleeding, reduced urine output, restlessness, ringing in the ears, runny nose, scaly rash, shoulder
    pain, skin darkening, slow thinking, slurred speech, sore throat, stomach upset, sudden weakness,
    syncope, tachypnoea, tingling in the feet, tongue soreness, tongue swelling, tremor of the hands,
    unsteadiness, urinary hesitancy, urinary retention, vertigo, visual loss, vomiting, weight gain,
    weight loss, widespread rash, word-finding difficulty
""")

PLURAL_SYMPTOMS = _terms("""
    auditory hallucinations, bleeding gums, brittle nails, calf cramps, chills, cold extremities,
    delusions, dry eyes, eyelid twitches, falls at home, floaters, flu-like aches, hiccups, hives, hot
    flushes, involuntary movements, mood swings, mouth ulcers, muscle cramps, muscle twitches, myoclonic
    jerks, night sweats, nightmares, nosebleeds, numb lips, pale stools, palpitations, panic feelings,
    puffy eyelids, rigors, seizures, sleep disturbances, sores on the lips, swollen ankles, swollen
    glands, visual hallucinations, vivid dreams, watery eyes, white tongue patches
""")

SYMPTOMS = SINGULAR_SYMPTOMS + PLURAL_SYMPTOMS

LEXICON: dict[str, tuple[str, ...]] = {"Disease": DISEASES, "Drug": DRUGS, "Symptom": SYMPTOMS}
